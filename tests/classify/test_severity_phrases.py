"""Harm as people write it: invented phrases and the facts that each states (d deaths, i injured, p people, h households, m yuan)."""

from __future__ import annotations

import pytest

from classify.clean import fold
from classify.severity import SeverityReader, to_facts
from configs.severity import load_severity
from stream.messages import Facts

READER = SeverityReader(load_severity())
NAMES = {"d": "deaths", "i": "injured", "p": "people", "h": "households", "m": "money"}

STATED = """
三十余人被拖欠工资 = p30
食堂吃坏了，5名学生呕吐 = i5
平台跑路，卷走2.3亿 = m230000000
近百户没有暖气 = h100
高速追尾，一死两伤 = d1 i2
渣土车侧翻，3死5伤 = d3 i5
两百多号人被欠薪 = p200
几十个都吐了送医 = i20
数百名业主维权 = p200
上千人围堵厂门 = p1000
十来户断水三天 = h10
百八十人被骗 = p80
损失1200余万元 = m12000000
被骗八百多万 = m8000000
欠我五六千块 = m5000
被骗300W，报警没人理 = m3000000
卷走50w+ = m500000
十几万本金取不出来 = m100000
3人抢救无效 = d3
致一家三口身亡 = d3
二十几个孩子上吐下泻 = i20
１２人受伤 = i12
被骗1,200万 = m12000000
亏空被挪用1.2千万 = m12000000
人均3万共200户，全部被骗 = h200
造成二死一伤 = d2 i1
事故致2死 = d2
已致3死 = d3
酿3死11伤 = d3 i11
2死1重伤 = d2 i1
一死三轻伤 = d1 i3
车祸造成4人遇难 = d4
5人当场死亡 = d5
两名工人坠亡 = d2
一名8岁男孩溺水身亡 = d1
一名十五六岁的学生溺亡 = d1
俩孩子溺亡 = d2
母子俩中毒身亡 = d2
死亡人数升至7人 = d7
遇难者3人 = d3
死了两个，伤了五个工人 = d2
矿井冒顶炸死四个 = d4
塌方砸死了3个人 = d3
渣土车撞死了一个孩子 = d1
高压线电死过人 = d1
夜市小龙虾吃死人了 = d1
水泥板掉下来砸死人 = d1
父亲在工地被吊钩砸死 = d1
我妻子难产死在手术台上 = d1
老人摔了一跤，躺了三个月人没了 = d1
新生儿死亡，医院不给病历 = d1
产妇大出血，孩子没了 = d1
我丈夫被无牌车撞倒身亡 = d1
工友送医后没抢救过来 = d1
送到医院宣布死亡 = d1
打了两针就猝死了 = d1
三名矿工抢救无效 = d3
十余名工人丧生 = d10
一家五口遇害 = d5
四口人中毒送医 = i4
三名老人中毒身亡 = d3
有6人住院 = i6
七名学生骨折 = i7
30多名师生送医 = i30
三十七名学生被送到医院 = i37
门口躺了四十多个人在挂水 = i40
席后有四十余人上吐下泻 = i40
班上十几个小孩拉肚子 = i10
两百八十几个娃拉肚子 = i280
保安打伤3名业主 = i3
五个工人被烧伤 = i5
车间爆炸烧伤四名女工 = i4
有村民4人被狗咬伤 = i4
12人重伤 = i12
六名游客中暑晕倒 = i6
20-30人中毒 = i20
二三十人食物中毒 = i20
3到5人受伤 = i3
三至五名工人受伤 = i3
伤者共9人 = i9
重伤2人 = i2
已有十五人就诊 = i15
三个娃发高烧住院 = i3
俩老人骨折 = i2
一人昏迷两人送医 = i2
11人工资没发 = p11
拖欠27名教师工资 = p27
欠了我们三十多号人的工资 = p30
二十几个人没拿到工钱 = p20
厂里百十来号人工资拖了半年 = p100
全厂1,300人被欠薪 = p1300
五百余名储户维权 = p500
上万名会员被骗 = p10000
近千名学生无法入学 = p1000
约两千名业主收不了房，维权无门 = p2000
数千名投资人受害 = p2000
好几百人被骗 = p200
一百来号业主维权 = p100
成百上千人受害 = p1000
十几二十人围堵项目部 = p10
六七十个老人被骗 = p60
两三百个投资人被骗 = p200
四百多名职工没有社保 = p400
130多号人欠缴养老保险，没人管 = p130
1.2万名消费者被骗 = p12000
3千多人被困 = p3000
一百二十来个学生没有校车 = p120
廿余名工友讨薪 = p20
叁拾名工人被欠薪 = p30
整栋楼六十余户停水 = h60
120户业主交不了房 = h120
一千多户停电 = h1000
几百户业主受骗 = h200
好几十户漏水 = h20
两千多户早上出不去，路被封 = h2000
三十来户农户的田被淹 = h30
4.1万户停气 = h41000
上百户被强拆 = h100
近三百户住户受影响 = h300
四十八家商户被断电 = h48
二十二家店铺被水淹 = h22
五十几户村民饮水被污染 = h50
七十户人家没有电 = h70
两三百户断水 = h200
十二户断水 = h12
３００户停暖 = h300
二百零六户延期交房 = h206
拖欠工程款230万元 = m2300000
欠薪共计21万 = m210000
被骗走六十余万元 = m600000
损失三万五 = m35000
损失3万5 = m35000
被骗3万5千元 = m35000
诈骗120万以上 = m1200000
非法集资三个亿 = m300000000
涉案2个多亿 = m200000000
卷走半个亿 = m50000000
跑路卷走几个亿 = m200000000
欠货款1亿3千万 = m130000000
涉案逾21亿元 = m2100000000
本金三十八万取不出 = m380000
侵占公款十万八千元 = m108000
被骗壹拾万元整 = m100000
被骗一百二十万元 = m1200000
损失两千三百块 = m2300
欠我一万二 = m12000
被骗8000元 = m8000
骗走8千 = m8000
骗走三千块钱 = m3000
损失上百万 = m1000000
损失上亿元 = m100000000
损失近千万元 = m10000000
被骗二十多万 = m200000
工程款几十万要不回 = m200000
挪用维修资金一千一百余万元 = m11000000
骗取补贴款五十余万 = m500000
被骗100万人民币 = m1000000
卷走三四十万 = m300000
卷走三到五万元 = m30000
欠款5万多块 = m50000
诈骗金额数十亿 = m2000000000
被骗２０万元 = m200000
被騙三十萬元 = m300000
三十餘戶斷水 = h30
"""

NOT_STATED = """
事故无人员伤亡
火灾未造成伤亡
未造成人员伤亡
没有人受伤
没有造成3人受伤
无一人死亡
所幸没有一人受伤
暂无人员死亡报告
零伤亡
要是出了人命怎么办
难道要等死人才管
非要等砸死人才来修吗
出了人命谁负责
别等出了人命才来
如果电梯掉下来，死了人谁负责
万一造成3人死亡
假如有5名学生受伤
一旦泄漏可能造成10人中毒
这样下去迟早要出人命
会不会淹死人
差点撞死人
险些造成两人死亡
容易造成人员死亡
学校组织演练，模拟3人受伤
消防演习中5名“伤者”送医
网传5人死亡不实
谣言：某厂3人死亡
有人散布“持刀砍伤七人”的不实消息
孩子3岁
12岁男孩
路口有3死角
消除三死角
第5人民医院
第三人民医院门口停车难
市二院
伤心欲绝
笑死我了
气死我了
热死人了
累死人了
烦死了
吵死人了
快被吵死了
手机死机了
走的是死路
生死时速
打死也不去
要死了要死了
吓死宝宝
死活不给退
一死了之
九死一生
罪该万死
死心眼
死灰复燃
死皮赖脸
死亡证明要跑三趟
死亡率下降
死亡赔偿金标准是多少
系统说我爸“死亡”了
鱼死了一片
狗被毒死了
树冻死了
猪死了三十头
花全淹死了
虾死了
手机没了
钱没了
补贴没了
学位没了
公交车走了
笑得没了力气
严重伤害了感情
工程预算1380万元
总投资3亿元
中标价200万元
补贴惠及3000户
招聘50名工人
招生120人
参加活动的有300人
万人马拉松开跑
二〇二六年十一月
2026年11月25日
请拨打12345投诉
拨打120送医
110来了也没用
3栋101户投诉漏水
1916业主搭建防盗窗
860号居民楼停水
5人制足球赛
三人间宿舍
两人世界
一人一票
第三名工人
每户补偿两万元
各10人
人均3平方
3人次
三个代表
人行横道没有
三户口本办不下来
半数业主同意
一半人反对
过半住户签字
三十层的楼
五一劳动节
十字路口
一万年太久
万一停电
千万别去
百万雄师
千人一面
十分不满
六神无主
七上八下
四个老师教得好
拾金不昧
"""


def facts(words: str) -> Facts:
    found = {NAMES[word[0]]: int(word[1:]) for word in words.split()}
    money = found.pop("money", None)
    return Facts(**found, money=None if money is None else float(money))


def read(text: str) -> Facts:
    return to_facts(READER.read([fold(text)], [text], "text")[0])


ROWS = [tuple(line.split(" = ")) for line in STATED.strip().splitlines()]
PLAIN = NOT_STATED.strip().splitlines()


@pytest.mark.parametrize(("text", "stated"), ROWS, ids=[text for text, _ in ROWS])
def test_harm_is_read_as_people_write_it(text: str, stated: str) -> None:
    assert read(text) == facts(stated)


def _of_weight(text: str) -> dict[str, float]:
    """What could lift a severity or a grade: not the one or two persons whom any sentence names."""
    return {
        name: value
        for name in NAMES.values()
        if (value := getattr(read(text), name)) is not None and (name in ("deaths", "injured") or value >= 10)
    }


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_harm_lifts_nothing(text: str) -> None:
    assert _of_weight(text) == {}
    assert READER.floor(READER.read([fold(text)], [text], "text")[0]) == (1, [])


def test_there_are_enough_phrases() -> None:
    assert len(ROWS) + len(PLAIN) >= 200
    assert len(set(text for text, _ in ROWS) | set(PLAIN)) == len(ROWS) + len(PLAIN)
