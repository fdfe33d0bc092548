"""Places of the whole country: told, left open, or taken for none; each row one invented sentence."""

from __future__ import annotations

import pytest

from classify.places import ABROAD, ACCOUNT, DESPITE, HOME, Places
from configs.catalog import City, County, Province
from configs.loader import load_catalog

CATALOG = load_catalog([])
PLACES = Places(CATALOG.provinces)


def told(text: str, home: str = "", title: str = "") -> str:
    """The full name of the place that is told; names of candidates after a question mark if it is left open."""
    place, _ = PLACES.find(title, text, home)
    if place.code or not place.candidates:
        return CATALOG.place_name(place.code)
    return "?" + "、".join(CATALOG.place_name(code) for code in place.candidates)


GULOU = "?南京市鼓楼区、徐州市鼓楼区、福州市鼓楼区、开封市鼓楼区"

TOLD = [
    # the configured province
    ("余杭区仓前街道停水三天", "杭州市余杭区"),
    ("杭州西湖区绿道的路灯坏了", "杭州市西湖区"),
    ("杭州市西湖区翠苑街道垃圾没人收", "杭州市西湖区"),
    ("舟山普陀区的民宿乱收费", "舟山市普陀区"),
    ("宁波江北区老外滩停车难", "宁波市江北区"),
    ("台州路桥区某健身房不退课", "台州市路桥区"),
    ("金华金东区乡下没有公交", "金华市金东区"),
    ("衢州江山停电", "衢州市江山市"),  # a name too common to stand alone, behind its city
    ("丽水云和县幼儿园收费高", "丽水市云和县"),
    ("丽水景宁的山路塌方", "丽水市景宁畲族自治县"),
    ("绍兴县轻纺城噪声大", "绍兴市柯桥区"),  # an old name
    ("浙江省嘉兴市桐乡市濮院镇排污", "嘉兴市桐乡市"),
    ("我是嵊州市三界镇人，窗口在三楼上不去", "绍兴市嵊州市"),
    ("杭州人民医院门口堵车", "杭州市"),
    ("宁波人社局电话打不通", "宁波市"),
    # the rest of the country, by full name and by city
    ("南京市鼓楼区的老小区停水", "南京市鼓楼区"),
    ("南京鼓楼的老小区停水", "南京市鼓楼区"),
    ("徐州鼓楼区的老小区停水", "徐州市鼓楼区"),
    ("福州市鼓楼区停水", "福州市鼓楼区"),
    ("开封市鼓楼区停水", "开封市鼓楼区"),
    ("南昌市西湖区停水", "南昌市西湖区"),
    ("南昌西湖区停水", "南昌市西湖区"),
    ("北京朝阳区的群租房", "北京市朝阳区"),
    ("北京市朝阳区的群租房", "北京市朝阳区"),
    ("长春朝阳区暖气不热", "长春市朝阳区"),
    ("吉林省长春市朝阳区暖气不热", "长春市朝阳区"),
    ("辽宁朝阳暖气不热", "朝阳市"),
    ("呼和浩特新城区供热管爆裂", "呼和浩特市新城区"),
    ("西安新城区拆迁", "西安市新城区"),
    ("兰州市城关区停电", "兰州市城关区"),
    ("拉萨城关区停电", "拉萨市城关区"),
    ("济南市市中区供暖", "济南市市中区"),
    ("枣庄市中区供暖", "枣庄市"),
    ("乐山市市中区洪水", "乐山市市中区"),
    ("内江市市中区修路", "内江市市中区"),
    ("晋城城区堵车", "晋城市城区"),
    ("汕尾市城区堵车", "汕尾市城区"),
    ("阳泉市郊区煤矿冒顶", "阳泉市郊区"),
    ("乌海市海南区扬尘", "乌海市海南区"),
    ("海南省三亚市宰客", "三亚市"),
    ("海南省医保政策咨询", "海南省"),
    ("海南藏族自治州共和县缺水", "海南藏族自治州共和县"),
    ("上海市浦东新区群租", "上海市浦东新区"),
    ("上海静安的电梯坏了", "上海市静安区"),
    ("上海市普陀区停水", "上海市普陀区"),
    ("天津和平区的学校食堂", "天津市和平区"),
    ("沈阳市和平区的学校食堂", "沈阳市和平区"),
    ("重庆渝中区索道排队", "重庆市渝中区"),
    ("深圳南山的实验室漏水", "深圳市南山区"),
    ("鹤岗市南山区房价", "鹤岗市南山区"),
    ("广州白云区的仓库起火", "广州市白云区"),
    ("贵阳市白云区的仓库起火", "贵阳市白云区"),
    ("成都武侯区火锅店油烟", "成都市武侯区"),
    ("长沙县的工地半夜施工", "长沙市长沙县"),
    ("长沙岳麓区的工地半夜施工", "长沙市岳麓区"),
    ("武汉东西湖区下雨积水", "武汉市东西湖区"),
    ("昆山一家厂爆炸", "苏州市昆山市"),
    ("江苏昆山一家厂爆炸", "苏州市昆山市"),
    ("湖北省仙桃市停电", "仙桃市"),
    ("河南济源停电", "济源市"),
    ("东莞厂里拖欠工资", "东莞市"),
    ("广东中山灯具厂欠薪", "中山市"),
    ("中山市灯具厂欠薪", "中山市"),
    ("广西北海有人搞传销", "北海市"),
    ("安徽和县蔬菜滞销", "马鞍山市和县"),
    ("河北雄县的工地", "保定市雄县"),
    ("云南省大理白族自治州古城宰客", "大理白族自治州"),
    ("恩施州利川市修路", "恩施土家族苗族自治州利川市"),
    ("延边州延吉市供热", "延边朝鲜族自治州延吉市"),
    ("新疆喀什物流停了", "喀什地区"),
    ("伊犁哈萨克自治州霍尔果斯市通关慢", "伊犁哈萨克自治州霍尔果斯市"),
    ("内蒙古鄂尔多斯市准格尔旗煤矿", "鄂尔多斯市准格尔旗"),
    ("四川凉山州西昌市森林火灾", "凉山彝族自治州西昌市"),
    ("贵州黔西市停水", "毕节市黔西市"),
    ("湖南湘西州凤凰县门票", "湘西土家族苗族自治州凤凰县"),
    ("香港的物流慢", "香港特别行政区"),
    ("江苏一男子被骗", "江苏省"),
    ("北京闸机坏了", "北京市"),
    ("上海宁波路堵车", "上海市"),
    ("大连中山路积水", "大连市"),
    ("大连中山区积水", "大连市中山区"),
    ("重庆江北区停水", "重庆市"),  # split up since: only the city is sure
    ("北京宣武区的胡同", "北京市西城区"),  # an old name
    ("杭州方某物业管理有限公司乱收费", "杭州市"),  # one of ours is taken to be here
    ("深圳一家物业管理有限公司乱收费", "深圳市"),
    ("南京市长江大桥封闭", "南京市"),
    ("萧山路灯坏了一个月", "杭州市萧山区"),
    ("温州路面结冰", "温州市"),
    ("福建永嘉村的祠堂", "福建省"),  # a name of ours inside another province
    # of several the one that the text is about
    ("我是贵州毕节的，在温岭市大溪镇的厂里受了伤", "台州市温岭市"),
    ("河南老板在义乌开厂拖欠工资", "金华市义乌市"),
    ("温州老板在杭州开的店跑路了", "杭州市"),
    ("老家安徽阜阳，在萧山打工被欠薪", "杭州市萧山区"),
    ("从上海搬来嘉善县，社保转不过来", "嘉兴市嘉善县"),
    ("孩子病重，要去上海看病，桐庐县医保不给转诊", "杭州市桐庐县"),
    ("表扬嘉善县医保窗口，上海发票也给报了", "嘉兴市嘉善县"),
    ("武汉市民反映，武汉地铁三号线漏水，施工单位在杭州", "武汉市"),
]

OPEN = [
    ("鼓楼区停水", GULOU),
    ("西湖区停水", "?杭州市西湖区、南昌市西湖区"),
    ("普陀区停水", "?舟山市普陀区、上海市普陀区"),
    ("朝阳区停水", "?北京市朝阳区、长春市朝阳区"),
    ("江北区停水", "?宁波市江北区、重庆市北碚区、重庆市两江新区"),
    ("江苏鼓楼区停水", "江苏省"),
    ("河南人在工地上被欠薪", "?河南省"),
    ("山西老板跑了，工钱没结", "?山西省"),
    ("老家四川，出来打工没拿到钱", "?四川省"),
    ("广东沃某科技有限公司拖欠工资", "?广东省"),  # where a firm is registered is not where it owes
    ("深圳市方某物业管理有限公司乱收费", "?深圳市"),
    ("永康某五金厂欠薪", "?金华市永康市"),
    ("城东街道停电", "?温州市乐清市、金华市婺城区、金华市东阳市、舟山市定海区、台州市温岭市"),
]

NONE = [
    "朝阳小学门口堵车",
    "新城区改造的补偿方案",
    "老城区下水道堵了",
    "城区限号到几点",
    "市中区域积水",
    "郊区公交太少",
    "城关镇停水",
    "西湖牌电风扇漏电",
    "西湖龙井以次充好",
    "上海路堵车",
    "北京东路修路",
    "南京西路的店关门了",
    "中山路积水",
    "中山公园的厕所脏",
    "鼓楼广场的灯坏了",
    "解放路和温州路交叉口红绿灯不亮",
    "山东路的井盖没了",
    "买了一张长沙发有味道",
    "浏览长城市场",
    "镇和县城的公交不通",
    "房子建成县里不给办证",
    "日照时间不足一小时",
    "未开封的奶粉不给退",
    "祝家人平安吉祥安康",
    "张江山欠我钱不还",
    "大理石台阶松动",
    "两家公司大同小异",
    "社会长治久安靠大家",
    "一碗兰州拉面吃出虫子",
    "重庆火锅店油烟太大",
    "沙县小吃门口油污",
    "买的上海大众漏油",
    "宁德时代的电池起火",
    "北京时间昨晚八点停电",
    "青岛啤酒里有异物",
    "江苏银行的贷款",
    "湖南卫视的广告",
    "A市西地省的事",
    "A市B区停水",
    "来宾签到处没人",
    "阿里客服不处理",
    "高新区停电",
    "开发区招工骗人",
    "这孩子是北方人",
    "楼市北风劲吹",
    "河东面馆卫生差",
    "我在南方面试被骗",
    "网名叫义乌的人骂我",
    "望城坡的昆山小区停电",
    "费用属于城镇公共开支",
    "喝的是大同世界的茶",
    "由于都是老人没法搬",
    "联系人姓名：永嘉",
]

AT_HOME = [
    # text, home of the source, what is told
    ("西湖区停水", "330100", "杭州市西湖区"),
    ("西湖区停水", "330300", "杭州市西湖区"),  # the one of the source's province
    ("普陀区停水", "330900", "舟山市普陀区"),
    ("普陀区停水", "310000", "上海市普陀区"),  # an installation's source elsewhere
    ("鼓楼区停水", "330106", GULOU),  # none of them is there
    ("南京市鼓楼区停水", "330106", "南京市鼓楼区"),
    ("南昌西湖区停水", "330106", "南昌市西湖区"),
    ("上海早就不收这个费了，为什么我们还收", "330110", "杭州市余杭区"),
    ("上海市早就不收这个费了，为什么我们还收", "330110", "杭州市余杭区"),
    ("高邮的咸鸭蛋吃坏肚子", "330110", "杭州市余杭区"),
    ("上海的做法是免费，上海能做到我们也能", "330110", "杭州市余杭区"),
    ("上海地铁漏水，上海暴雨，上海全城停运", "330110", "上海市"),
    ("我是河南人，被欠薪", "330110", "杭州市余杭区"),
    ("老家阜阳的低保停了", "330110", "杭州市余杭区"),
    ("新城区改造", "330110", "杭州市余杭区"),
    ("路灯坏了", "", ""),
]


def test_the_table_is_long_enough() -> None:
    rows = [row[0] for row in (*TOLD, *OPEN)] + NONE + [f"{row[0]} {row[1]}" for row in AT_HOME]
    assert len(rows) == len(set(rows)) >= 120


@pytest.mark.parametrize(("text", "place"), TOLD)
def test_the_right_place_is_told(text: str, place: str) -> None:
    assert told(text) == place


@pytest.mark.parametrize(("text", "place"), OPEN)
def test_what_may_be_several_is_left_open(text: str, place: str) -> None:
    assert told(text) == place


@pytest.mark.parametrize("text", NONE)
def test_no_place_is_named(text: str) -> None:
    assert told(text) == ""


@pytest.mark.parametrize(("text", "home", "place"), AT_HOME)
def test_beside_the_home_of_the_source(text: str, home: str, place: str) -> None:
    assert told(text, home) == place


@pytest.mark.parametrize("text", [row[0] for row in TOLD])
@pytest.mark.parametrize("home", ["330000", "330110", "330302"])
def test_no_home_turns_a_place_elsewhere_into_a_county_of_ours_in_silence(text: str, home: str) -> None:
    there = PLACES.find("", text, "")[0]
    here, reasons = PLACES.find("", text, home)
    assert here.code in (there.code, home) or here.label.removesuffix("市") in text  # our city is named as well
    if here.code == home != there.code:
        assert here.basis == "source"
        assert any(reason.rule in (DESPITE, HOME) for reason in reasons)


@pytest.mark.parametrize(
    ("title", "text", "place"),
    [
        ("南京地铁漏水", "杭州的同学说萧山也这样", "南京市"),
        ("萧山的路灯坏了", "南京的朋友说，南京也这样，南京更糟", "杭州市萧山区"),
        ("朝阳区供暖不足", "北京的冬天太冷", "北京市朝阳区"),
    ],
)
def test_the_title_goes_first(title: str, text: str, place: str) -> None:
    assert told(text, title=title) == place


@pytest.mark.parametrize(
    ("text", "code"),
    [("路灯坏了。发布于 浙江", "330000"), ("路灯坏了 IP属地：上海", "310000"), ("萧山路灯坏了 IP属地：江苏", "330109")],
)
def test_the_account_counts_where_nothing_else_tells(text: str, code: str) -> None:
    place, _ = PLACES.find("", text, "")
    assert (place.code, place.basis) == (code, "text" if "萧山" in text else "source")


def test_the_account_is_told_as_the_reason_and_yields_to_the_source() -> None:
    assert PLACES.find("", "路灯坏了 IP属地：江苏", "")[1][0].rule == ACCOUNT
    assert PLACES.find("", "路灯坏了 IP属地：江苏", "330106")[0].code == "330106"


def test_a_place_elsewhere_has_its_names_and_a_reason() -> None:
    place, reasons = PLACES.find("", "住在北京市朝阳区，物业不管", "330106")
    assert (place.province, place.city, place.county, place.label) == ("北京市", "北京市", "朝阳区", "北京市朝阳区")
    assert {reason.rule for reason in reasons} == {ABROAD}
    assert [reason.phrase for reason in reasons] == ["朝阳区", "北京市"]


def test_one_name_elsewhere_is_a_candidate_beside_the_home() -> None:
    place, reasons = PLACES.find("", "高邮的咸鸭蛋吃坏肚子", "330110")
    assert (place.code, place.basis, place.candidates) == ("330110", "source", ("321084",))
    assert reasons[0].rule == DESPITE


def test_another_province_can_be_the_configured_one() -> None:
    cities = (City(code="320100", name="南京市", aliases=("南京",), counties=(County(code="320106", name="鼓楼区"),)),)
    places = Places((Province(code="320000", name="江苏省", cities=cities),))
    assert places.find("", "鼓楼区停水", "320100")[0].code == "320106"
    assert places.find("", "鼓楼区停水", "")[0].candidates == ("320106", "320302", "350102", "410204")
    assert places.find("", "杭州市余杭区停水", "320100")[0].code == "330110"


def test_without_the_list_of_the_country_only_the_configured_places_are_known() -> None:
    places = Places(CATALOG.provinces, country=())
    assert places.find("", "南京鼓楼的老小区停水", "")[0].code == ""
    assert places.find("", "余杭区停水", "")[0].code == "330110"
