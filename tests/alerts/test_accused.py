"""Each row is one invented sentence: whether it accuses the office, so that it must not be sent there."""

from __future__ import annotations

import pytest

from alerts.accused import accusation, accusations
from tests.alerts.town import OFFICES, office

BY_KEY = {one.key: one for one in OFFICES}

ACCUSING = [
    ("renshe", "人社局一再推诿，半年没有结果", "conduct"),
    ("renshe", "找了三次，人力资源和社会保障局互相扯皮", "conduct"),
    ("renshe", "萧山区人社局不作为！", "conduct"),
    ("renshe", "劳动监察大队接到举报后，一直敷衍", "conduct"),
    ("renshe", "不作为的人社局让人寒心", "conduct"),
    ("renshe", "人社部门拒不受理我的材料", "conduct"),
    ("renshe", "人社局窗口人员态度恶劣", "conduct"),
    ("zhujian", "住建局领导收受开发商的好处", "discipline"),
    ("zhujian", "房管局和开发商官商勾结", "discipline"),
    ("zhujian", "住建局包庇违规施工", "discipline"),
    ("zhujian", "我要举报住建局局长", "discipline"),
    ("zhujian", "实名举报住房和城乡建设局的工作人员", "discipline"),
    ("chengguan", "城管暴力执法，把摊子掀了", "conduct"),
    ("chengguan", "城管局选择性执法乱罚款", "conduct"),
    ("chengguan", "综合执法局的队员吃拿卡要已经不是一天两天", "discipline"),
    ("gongan", "派出所不立案，说证据不够", "conduct"),
    ("gongan", "民警徇私，案子拖了两年", "discipline"),
    ("gongan", "派出所处理案件时包庇对方", "discipline"),
    ("huanjing", "环保局对举报置之不理", "conduct"),
    ("huanjing", "打了十几个投诉, 生态环境局睁一只眼闭一只眼", "conduct"),
    ("xiangzhen", "镇政府踢皮球踢了一年", "conduct"),
    ("xiangzhen", "村支书贪污征地款", "discipline"),
    ("xiangzhen", "村委会截留补贴，村民没拿到一分钱", "discipline"),
    ("xiangzhen", "街道办特别敷衍", "conduct"),
    ("jiwei", "纪委对线索充耳不闻，一拖再拖", "conduct"),
    ("zhengwu", "政务服务中心刁难办事群众", "conduct"),
    ("xiangzhen", "镇政府的人收了钱就不管事了，明显是保护伞", "discipline"),
    ("xiangzhen", "我们村村支书把低保名额给亲戚，以权谋私", "discipline"),
    ("chengguan", "去城管那里投诉，城管敷衍了事，拍个照就走", "conduct"),
    ("zhujian", "住建局不作为，烂尾三年没人管", "conduct"),
    ("gongan", "公安局拖着不立案，家属跪求", "conduct"),
    ("renshe", "人社局工作人员吃拿卡要，不送礼不办", "discipline"),
    ("huanjing", "环保局与排污企业沆瀣一气", "discipline"),
    ("gongan", "交警乱罚款，一天罚了我三次", "conduct"),
    ("zhujian", "房管局推来推去，就是踢皮球", "conduct"),
    ("gongan", "民警打了人还弄虚作假", "conduct"),
    ("xiangzhen", "街道办主任贪污拆迁款五十万", "discipline"),
    ("zhengwu", "政务服务中心窗口刁难，跑了五趟", "conduct"),
    ("renshe", "劳动局拒绝受理我的仲裁", "conduct"),
    ("gongan", "派出所包庇打人者", "discipline"),
    ("renshe", "举报！人社局局长受贿", "discipline"),
    ("huanjing", "生态环境局失职，河都黑了", "conduct"),
    ("chengguan", "综合执法局暴力执法打伤老人", "conduct"),
    ("xiangzhen", "村委会弄虚作假骗取补贴", "discipline"),
    ("jiwei", "纪委不作为，举报信石沉大海", "conduct"),
    ("renshe", "人社局说归住建局管，住建局说归人社局管，互相踢皮球", "conduct"),
]

MENTIONING = [
    ("renshe", "请人社局帮我们讨回工资"),
    ("renshe", "人社局已经受理，感谢"),
    ("renshe", "老板一再推诿，请人社局处理"),
    ("renshe", "希望人社局不要推诿"),
    ("renshe", "希望人社局查一查公司弄虚作假的事"),
    ("renshe", "人社局没有推诿，当天就给了答复"),
    ("renshe", "人社局公布举报吃拿卡要的电话"),
    ("renshe", "向人社局反映，包工头克扣工资"),
    ("renshe", "人社局责令公司补发克扣的工资"),
    ("renshe", "人社局的电话是多少"),
    ("renshe", "人社局对推诿扯皮零容忍"),
    ("zhujian", "物业不作为，住建局能不能管管"),
    ("zhujian", "请住建局督促开发商，开发商一直敷衍"),
    ("zhujian", "住建局约谈了推诿的物业公司"),
    ("zhujian", "开发商置之不理，我们去了住建局"),
    ("chengguan", "城管局严查渣土车"),
    ("chengguan", "请城管局处理占道经营"),
    ("chengguan", "城管从不吃拿卡要，为他们点赞"),
    ("gongan", "派出所抓获一名受贿的会计的说法是谣言"),
    ("gongan", "我到派出所报案，对方公司勾结中介"),
    ("gongan", "恳请公安局严肃处理打击报复我的老板"),
    ("huanjing", "环保局查处工厂弄虚作假"),
    ("huanjing", "工厂老板收买人心，环保局来测过两次"),
    ("xiangzhen", "镇政府开展整治不作为专项行动"),
    ("xiangzhen", "请镇政府调查学校食堂克扣伙食费"),
    ("jiwei", "请纪委查一查住建局受贿"),
    ("jiwei", "已向纪委举报城管局吃拿卡要"),
    ("zhengwu", "政务服务中心几点下班"),
    ("xiangzhen", "希望镇政府早日修好路"),
    ("zhujian", "住建局已介入，开发商仍在推诿"),
    ("gongan", "感谢派出所民警，没有推诿"),
    ("chengguan", "小区门口城管在执法，摊贩态度恶劣骂人"),
    ("huanjing", "环保局的检测报告出来了"),
    ("zhujian", "物业敷衍我们，打算去住建局反映"),
    ("gongan", "请公安局打击电信诈骗"),
    ("renshe", "人社局发布拖欠工资黑名单，某公司弄虚作假上榜"),
    ("xiangzhen", "街道办组织调解，邻居不理不睬"),
    ("gongan", "去派出所报警，对方态度极差"),
    ("zhengwu", "建议政务服务中心延长时间"),
    ("zhujian", "住建局要求开发商不得敷衍业主"),
    ("gongan", "公安局破获一起挪用资金案"),
    ("gongan", "公安局通报一起职务侵占挪用资金案"),
    ("xiangzhen", "镇政府门口的路灯不亮"),
    ("jiwei", "请纪委介入"),
    ("chengguan", "城管局能不能管管这家店，老板不理不睬"),
    ("renshe", "人社局立案调查公司克扣工资"),
    ("zhengwu", "学校食堂克扣，已经向政务服务中心反映"),
]


@pytest.mark.parametrize(("key", "text", "kind"), ACCUSING)
def test_accusing(key: str, text: str, kind: str) -> None:
    found = accusation(BY_KEY[key], text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(("key", "text"), MENTIONING)
def test_merely_mentioning(key: str, text: str) -> None:
    assert accusation(BY_KEY[key], text) is None


def test_the_accused_is_told_from_who_is_asked() -> None:
    assert set(accusations(OFFICES, "请纪委查一查，住建局受贿多年。人社局已经答复。")) == {"zhujian"}


def test_the_phrase_stands_in_the_text() -> None:
    text = "去年至今，人社局窗口一再推诿，没人管"
    found = accusation(BY_KEY["renshe"], text)
    assert found is not None
    assert found.phrase == "人社局窗口一再推诿"


def test_of_a_long_sentence_the_clause_that_speaks_is_the_phrase() -> None:
    said = "向人社局送材料两次，第一次材料被原样寄回，第二次一直推诿，至今没有说法。"
    found = accusation(BY_KEY["renshe"], said)
    assert found is not None
    assert found.phrase == "第二次一直推诿"


def test_a_remark_in_brackets_is_no_part_of_the_name() -> None:
    finance = office("jinrong", "地方金融工作办公室(处置非法集资牵头部门)", "金融办")
    assert accusation(finance, "地方金融工作办公室不作为")
