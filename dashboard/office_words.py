"""The Chinese words of the page of an office, and of what lies before the staff because of delivery."""

from __future__ import annotations

CLOSED = {
    "bad": "链接无效。请从单位邮箱里的邮件直接打开，不要手工抄写；仍打不开的，请与值班人员联系。",
    "expired": "链接已过期。请使用最近一封邮件里的链接，或与值班人员联系重新发送。",
    "revoked": "此链接已被值班人员作废。请使用其他邮件里的链接，或与值班人员联系。",
    "moved": "本案已不由贵单位承办，此链接不再有效。如有疑问，请与值班人员联系。",
    "busy": "无效链接打开次数过多，请过十分钟再试，或与值班人员联系。",
    "off": "本系统没有开通办理链接，请与值班人员联系。",
}
VERB_HINT = {
    "accept": "确认收到，开始承办。",
    "start": "标明已着手办理。",
    "object": "认为不属本单位职责的，写明理由和依据。异议由值班人员审核，审核期间时限暂停。",
    "answer": "写明处理情况和结果。请勿写入反映人的姓名、电话等个人信息。",
    "promise": "写明承诺什么、何时兑现，记入承诺台账。",
    "report": "依规定向上级报告后在此登记，写明报给谁；报告的时限随之停下。",
    "extend": "写明延到何时和理由，由值班人员审核；审核前仍按原时限计。",
    "note": "补充说明，不改变办理状态。",
}
DUTY_ITEM = {
    "unmatched": "来信对不上案件",
    "stranger": "来信不是从单位登记的邮箱发出",
    "which_case": "来信没有写明是哪个案件（已请其补充）",
    "moved": "来信的单位已不承办该案",
    "empty": "来信没有正文",
    "file": "来信的附件未收",
    "too_big": "来信过大",
    "unread": "来信无法读取",
    "bounce": "邮件被退回",
    "refused": "收件地址被拒",
    "chat": "群消息发不出去",
    "unreachable": "单位收不到通知",
    "extend": "单位申请延期",
    "accused": "新信息直接指向承办或协办单位",
}
