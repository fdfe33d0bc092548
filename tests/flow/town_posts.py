"""Thirty invented posts of one town and a record that is none: what the tests of the whole flow publish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from stream.log import Log, Out
from stream.messages import RAW, Kind, Post, encode_post, post_id

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
POISON = b"{broken"

WAGES = (
    (
        "board",
        "瓯海区云栖雅苑工地拖欠工资",
        "我们三十多个工友在瓯海区云栖雅苑工地干了四个月，包工头一直不发工资，请政府帮我们讨回血汗钱。",
    ),
    ("hotline", "云栖雅苑工地欠薪", "来电人反映在瓯海区云栖雅苑工地做木工，劳务公司拖欠四个月工资，多次讨要没有结果。"),
    (
        "forum",
        "云栖雅苑工地四个月没发工资了",
        "瓯海区云栖雅苑项目部门口又有工人讨薪，说四个月工资一分没发，老板电话也打不通。",
    ),
    (
        "board",
        "云栖雅苑项目农民工工资被拖欠",
        "瓯海区云栖雅苑项目拖欠农民工工资，从七月拖到现在，孩子学费都交不起，求助劳动监察。",
    ),
    ("hotline", "请求处理云栖雅苑拖欠工资", "来电人说瓯海区云栖雅苑工地拖欠钢筋班组工资，要求尽快支付拖欠的工资。"),
    ("forum", "瓯海云栖雅苑工地讨薪", "替我老乡发帖，瓯海区云栖雅苑工地的工资拖了四个月还没给，有没有人管管这个工地。"),
)
CANTEEN = (
    "board",
    "乐清市青禾实验小学食堂食物中毒",
    "乐清市青禾实验小学食堂今天午饭后，有二十三名学生呕吐腹泻送医院抢救，疑似食物中毒，家长非常着急。",
)
ADVERT = (
    "forum",
    "专业讨债当天放款",
    "低息贷款当天放款，无抵押秒批，加微信咨询，名额有限，先到先得，点击链接领取优惠券。",
)
PRAISE = (
    "board",
    "感谢瓯海区政务服务中心",
    "感谢瓯海区政务服务中心的工作人员，态度热情，办事效率高，给他们点赞，非常满意。",
)
QUESTION = ("board", "请问医保卡怎么补办", "您好，请问医保卡丢了在哪里补办，需要带什么材料？谢谢。")
OTHERS = (
    ("board", "鹿城区望江路路灯不亮", "鹿城区望江路靠近菜场的一段路灯坏了好几天，晚上走路不方便，希望维修。"),
    ("hotline", "龙湾区小区停车费", "来电人反映龙湾区海棠湾小区物业停车费涨价，没有公示，要求核实收费标准。"),
    ("forum", "公交线路建议", "建议在永嘉县瓯北新开一条公交线路，早高峰实在太挤了。"),
    ("board", "瑞安市河道有异味", "瑞安市莘塍街道南边的小河发黑发臭，怀疑有人偷排污水，请环保部门查一下。"),
    ("hotline", "健身房退费", "来电人在平阳县飞跃健身房办了年卡，店铺关门，要求退款。"),
    ("board", "苍南县养老院收费", "苍南县福寿养老院床位费说涨就涨，没有提前通知家属，请民政部门了解情况。"),
    ("forum", "周末去哪玩", "周末有没有人一起去爬山，天气不错，顺便拍点照片。"),
    ("board", "泰顺县村道破损", "泰顺县罗阳镇上洋村的村道坑坑洼洼，下雨天积水很深，希望修一修。"),
    ("hotline", "洞头区停水", "来电人反映洞头区东屏街道这两天一直停水，没有通知，影响生活。"),
    ("board", "文成县学校午托费", "文成县山水小学午托费是不是自愿的，学校要求每个人都交，请教育局说明。"),
    ("forum", "今天的晚霞", "今天的晚霞真漂亮，路过江边拍了好几张，大家都在看。"),
    ("board", "驾驶证换证", "请问驾驶证到期换证可以在网上办理吗，需要多久？"),
    ("hotline", "噪音扰民", "来电人反映鹿城区五马街一家酒吧深夜音乐声很大，影响休息。"),
    ("board", "公积金提取咨询", "想咨询一下租房提取公积金需要什么材料，多久到账。"),
    ("board", "点赞交警", "给今天早上在学院路帮忙推车的交警点赞，谢谢你们。"),
    ("forum", "求推荐面馆", "求推荐好吃的面馆，最好在市区，谢谢大家。"),
    ("board", "小区电梯故障", "龙湾区锦绣花园三幢电梯经常故障，老人上下楼很不方便，物业不修。"),
    ("hotline", "垃圾清运", "来电人反映瑞安市塘下镇路边垃圾堆了三天没人清运。"),
)  # fmt: skip
COPIED = OTHERS[3]


def number(index: int) -> str:
    return post_id("town", str(index))


def make_posts() -> list[Post]:
    """In order: the six tellings, the grave one, advert, praise, question, the others, a near copy of one of these."""
    copy = ("forum", COPIED[1], COPIED[2] + "转发一下。")
    told = [*WAGES, CANTEEN, ADVERT, PRAISE, QUESTION, *OTHERS, copy]
    return [_post(index, *one) for index, one in enumerate(told)]


def _post(index: int, source: str, title: str, text: str) -> Post:
    kinds: dict[str, Kind] = {"board": "message", "hotline": "hotline", "forum": "forum"}
    at = NOW - timedelta(hours=10, minutes=-15 * index)
    return Post(number(index), source, kinds[source], title, text, at, NOW, region="330300")


def make_records(posts: Sequence[Post]) -> list[Out]:
    """The posts with the poison in their midst."""
    outs = [Out(post.region, encode_post(post)) for post in posts]
    return [*outs[:12], Out("330300", POISON), *outs[12:]]


def publish_all(log: Log, batch: int = 16) -> None:
    records = make_records(make_posts())
    for start in range(0, len(records), batch):
        log.publish(RAW, records[start : start + batch])
