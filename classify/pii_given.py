"""The name and the door number that a writer gives together with a personal number.

Only those: the estate, the road, a firm, a school or an office tell where the problem is and stay. A name is a surname
and one or two characters more (or a title) at a place where people introduce themselves or beside the number; a door
number ends with a room. `pii` asks only where there is a number, so that a text without one never loses a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from classify.pii_fold import BLANK
from classify.pii_numbers import Span

NEAR = 24  # characters between a name or door and the number that it is given with
_COMPOUND = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|独孤|南宫|宇文|长孙|轩辕|呼延|闻人|澹台|申屠|钟离|太史|濮阳|淳于|赫连|西门"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付"
    "傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰"
    "焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦"
    "麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀"
    "郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼闻厉伊仝郜阚花强帅屠朴盖练廉禹井祖漆巴丰支国狄平计索宣晋相初容敬来扈晁都浦戈鹿薄雍羊乌裘郗俐"
)
# Everyday words that begin with a surname: never a name.
_WORDS = (
    "谢谢 马上 高兴 方便 方面 方式 方案 方法 平时 平台 平安 平方 时间 时候 时常 白天 白色 安全 安装 安排 安置 安心 施工 管理 管道 解决 解释 成功"
    " 全部 全家 全国 常常 常年 向上 向您 向你 任何 何时 何人 应该 应当 程序 文件 文明 单位 单元 单亲 单独 连续 连接 路口 路上 路灯 路边 路面 金额"
    " 钱款 钱财 车位 车辆 车库 车主 车牌 房屋 房东 房产 房主 房子 房号 严重 严格 强烈 国家 国庆 都是 都有 来电 来信 来自 支持 支付 明天 明显 封闭"
    " 查询 查处 查看 商铺 商家 商户 商量 商场 盖章 宣传 计划 计算 练习 花园 初中 容易 阳台 阳光 黄金 黄色 高中 高一 高二 高三 高层 高温 高速 高新"
    " 高考 高铁 万分 万一 万元 元旦 边上 古城 东西 费用 温度 温馨 文化 石头 龙头 雷电 毛病 田地 余额 余款 牛奶 夏天 夏季 秋天 金融 童年 易燃 幸福"
    " 党员 党委 农民 农村 农业 谈话 柴油 司机 司法 左右 毕业 毕竟 水费 水电 周一 周二 周三 周四 周五 周六 周日 周末 周边 周围 周期 许多 项目 包括"
    " 陶瓷 关于 关系 关键 关注 于是 祝好 祝您 祝愿 甘愿 师傅 师生 景区 宁愿 尚未 相关 相信 相邻 索赔 索要 强制 强行 强拆 原因 原来 原告 原有 劳动"
    " 劳务 南门 南区 南边 官方 池塘 游客 游泳 经常 曾经 华东 华为 花费 花钱 鲜花 简单 简直 敬请 敬礼 敬上 盼复 盛夏 安徽 江苏 江西 江南 江北 江边"
    " 宁波 宁夏 温州 金华 海宁 余姚 余杭 江山 龙泉 龙游 安吉 平湖 乐清 平阳 文成 武义 常山 路桥 黄岩 萧山 富阳 临安 建德 云和 甘肃 吉林 广东 河北"
    " 柯桥 柯城 江干 向阳 国企 国税 国土 国有 班级 班主 储蓄 储户 计生 屠宰 巴士 练车 初步 初一 初二 初三 丰收 皮肤 皮革 麻烦 麻将 迟迟 沙石 沙发"
    " 荣幸 明确 明知 封条 封路 相应 晋升 商品 商业 商务 农药 席位 宫颈 古镇 古树 吉利 卫生 卫浴 米面 连夜 连日 连锁 项链 蓝天 蓝色 游乐 房租 房价"
    " 解约 时段 时刻 应付 全都 全款 全体 全天 全程 成本 成为 成人 成立 苗木 景观 党支 党群 冷气 冷水 单价 单车 单方 单号 季度 符合 包工 包装 祝贺"
    " 左侧 左边 兰花 关门 关停 申请 申报 申诉 章程 庄稼 易发 齐全 安保 安检 牛肉 文字 施压 康复 温泉 常住 汤圆 孔洞 武警 严惩 钱包 万家 毛坯 顾客"
    " 龙舟 史上 段时 薛家 白天 方才 夏令 石材 金色 范围 陆续 陆路 任务 任职 丁字 苏州 程度 叶子 余下 蒋村 于今 于本 董事 田间 许可 唐突 宋体 谢意"
    " 梁柱 林业 林木 高价 高空 高压 高峰 高达 何况 郭外 胡乱 朱红 马路 马桶 孙子 孙女 徐徐 周知 吴兴 黄昏 杨梅 陈旧 陈述 路线 刘海 张贴 李子 王府"
)
_EVERYDAY = frozenset(_WORDS.split())
_PLACE_ENDS = frozenset("镇乡村县市区省州路街巷弄苑府阁湾庄店厂局所院校馆站办委队部科处室楼幢栋号司厅行人站桥业")
_NOT_GIVEN = frozenset("的是住说称也就都们您你我他她它了吗吧呢这那")
_TITLE = "先生|女士|小姐|师傅|阿姨|大爷|大妈|大姐|大哥|同志|老师|经理|主任|老板|队长|组长|大叔|叔叔|奶奶|爷爷|医生|律师"
_HAN = "\u4e00-\u9fff"
_TITLED = re.compile(rf"(?:{_TITLE})$")
_NAME = rf"(?:{_COMPOUND})(?:(?:{_TITLE})|某{{1,2}}|[{_HAN}]{{1,2}})|[{_SURNAMES}](?:[{_HAN}]{{0,2}}?(?:{_TITLE})|某{{1,3}}|[*xX×]{{1,2}}|[{_HAN}]{{1,2}})"
_AFTER = re.compile(
    rf"$|[^{_HAN}]|电话|手机|号码|联系|身份|证件|微信|薇信|邮箱|扣扣|卡号|银行|账号|帐号|住址|地址|家住|家在|住在|现住|现居|居住|住|户籍|系|的|是|为|于|在"
    "|今年|现年|年龄|男|女|性别|反映|反应|投诉|举报|来电|致电|反馈|咨询|求助|申请|要求|希望|想|称|说|表示|向|因|从|到|和|与|及|跟|同|车牌|尾号|单位|所有|名下|敬上|本人|先生|女士"
)
_SELF = (
    "联系人|姓名|名字|我叫|我是|本人|来电人|来访人|诉求人|投诉人|反映人|举报人|申请人|信访人|求助人|报案人|报修人|当事人|业主|户主|房主|车主|机主|租户|租客|住户"
    "|居民|村民|市民|家长|收件人|寄件人|收货人|签收人|持卡人|开户人|户名|代理人|委托人|受害人|受害者|署名|落款|发信人|留言人|称呼|落款人|签名"
)
_OTHER = (
    "群众|联系|请找|找|致电|打给|回电给?|回复|学生|患者|病人|老人|经办人|负责人|法人|法定代表人|客户|用户|员工|职工|工人|司机|师傅|老师|医生|班主任|死者|伤者|工友|老乡"
    "|父亲|母亲|丈夫|妻子|老公|老婆|儿子|女儿|爸爸|妈妈|弟弟|妹妹|哥哥|姐姐|爷爷|奶奶|外公|外婆|朋友|同事|同学|邻居|店主|老板|房东|中介"
)
_SAID = r"(?:就?是|为|叫|名叫|姓名)?[ :（(【】、,]{0,2}"
_SELF_NAME = re.compile(rf"(?:{_SELF}){_SAID}(?={_NAME})")
_OTHER_NAME = re.compile(rf"(?:{_OTHER}){_SAID}(?={_NAME})")
_DOTTED = re.compile(
    rf"(?:联系人|姓名|名字|我叫|我是|本人){_SAID}([{_HAN}]{{1,6}}·[{_HAN}]{{1,6}}?)(?=$|[^{_HAN}]|电话|手机|身份|联系|男|女)"
)
_NICKNAME = re.compile(rf"(?:找|联系|打给|致电|叫)([小老阿][{_SURNAMES}])(?=[ ,:(]{{0,2}}{BLANK})")
_NAME_HERE = re.compile(_NAME)

_LINK = (
    r"(?:的)?[ ,:()\[\]、\-]{0,2}(?:本人|个人|联系|我的?|家庭|私人)?"
    r"(?:电话|手机|联系方式|号码|微信|薇信|[vV][xX]?|身份证|证件|卡号|银行卡|邮箱|[Qq]{1,2}|扣扣|tel|Tel|TEL|宅电|座机|账号|帐号)?(?:同号|同手机)?(?:号码?|同步|号)?(?:就?是|为)?"
)
_LEFT = re.compile(
    rf"(?:^|(?<=[^{_HAN}A-Za-z0-9])|(?<=[找让给叫是为和与跟由请电问有系人室幢栋区村苑户]))({_NAME}){_LINK}[ ,:()、\-=]{{0,3}}$"
)
_RIGHT = re.compile(
    rf"[ ,()、:\-]{{0,2}}(?:联系人|机主|姓名|户主|户名|本人|叫|找|是|车主|我是|我叫)?[:是为 ]{{0,2}}({_NAME})(?=$|[^{_HAN}]|收|敬上|联系|本人)"
)

_NUMBER = r"(?:[0-9]{1,4}|[一二三四五六七八九十百零〇]{1,4}|[A-Za-z][0-9]{0,3})"
_BUILDING = rf"{_NUMBER}(?:号楼|号院|[幢栋座弄#号])(?:楼)?[ \-,]?"
_UNIT = rf"{_NUMBER}(?:单元|门|梯)[ \-]?"
_ROOM_ENDS = r"(?:室|户(?!人|口|主|型)|房(?!间|屋|东|产|价|租|子|款)|号房)"
_ROOM = r"(?:[A-Za-z]?[0-9]{2,5}[A-Za-z]?|[一二三四五六七八九零〇]{3,4})"
_NO_AMOUNT = r"(?![0-9A-Za-z年月日元人户个万块条次米平路弄幢栋楼层%.])"
_DOOR = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?:{_BUILDING}){{1,3}}(?:{_UNIT})?(?:[0-9]{{1,2}}[楼层])?{_ROOM}(?:{_ROOM_ENDS}|号)?{_NO_AMOUNT}"
    rf"|(?:{_UNIT})(?:[0-9]{{1,2}}[楼层])?{_ROOM}{_ROOM_ENDS}?{_NO_AMOUNT}"
    rf"|[0-9]{{1,3}}-(?:[0-9]{{1,2}}-)?[0-9]{{3,4}}{_ROOM_ENDS}?{_NO_AMOUNT}|{_ROOM}{_ROOM_ENDS})"
)
_A_NUMBER = re.compile(r"[A-Za-z]?[0-9]+|[A-Za-z](?=[座幢栋])|[一二三四五六七八九十百零〇]+(?=[号幢栋座弄单室])")
_HOUSE = re.compile(
    r"(?<![A-Za-z0-9])[0-9]{1,4}号(?:附?[0-9]{1,2}号?|之[一二三四五])?(?![0-9A-Za-z线楼院路公]|[\u4e00-\u9fff]{0,8}?(?:[0-9]+[幢栋室]|小区))"
)
_HOME = re.compile(
    r"(?:家住|住址|住在|家在|我家|现住|现居|居住在?|租住在?|住所|本人住|我住|[,， ]住|地址|户籍|门牌号?|房号|老家)"
)
_DASHED = re.compile(r"[0-9\-]+")
_HAN_CHAR = re.compile(f"[{_HAN}]")
_DWELLERS = ("业主", "住户", "租户", "户主", "的业主", "的住户")
_LIVES = re.compile(r"(?:家住|住址|住在|家在|我家|现住|居住在?|租住在?|本人住|我住|[,， ]住|老家)")
_SENTENCE_END = re.compile(r"[。！？!?\n;；]")


def given(plain: str, numbers: Sequence[Span]) -> list[Span]:
    """Names and doors given with these numbers, which are blanked out in `plain`; in no order, never overlapping."""
    doors = _doors(plain, numbers)
    names = {(start, end) for start, end in _names(plain, [*numbers, *doors], numbers)}
    for word in {plain[start:end] for start, end in names}:
        names.update(_again(plain, word))
    kept: list[Span] = []
    for start, end in sorted(names):
        if not any(start < span.end and span.start < end for span in (*kept[-1:], *doors)):
            kept.append(Span(start, end, "name"))
    return [*doors, *kept]


def _doors(plain: str, numbers: Sequence[Span]) -> list[Span]:
    doors = [Span(*match.span(), "door") for match in _find_doors(plain) if _is_given(plain, match, numbers)]
    for match in _HOUSE.finditer(plain):
        if _at_home(plain, match.start(), _LIVES) and not any(
            s.start < match.end() and match.start() < s.end for s in doors
        ):
            doors.append(Span(*match.span(), "door"))
    return doors


def _find_doors(plain: str) -> Iterator[re.Match[str]]:
    end = 0
    for number in _A_NUMBER.finditer(plain):
        found = _DOOR.match(plain, number.start()) if number.start() >= end else None
        if found:
            end = found.end()
            yield found


def _is_given(plain: str, match: re.Match[str], numbers: Sequence[Span]) -> bool:
    start, end = match.span()
    if _at_home(plain, start):
        return True
    dashed = _DASHED.fullmatch(match.group()) is not None
    told = plain.startswith(_DWELLERS, end) or (match.group().count("-") == 2 and _HAN_CHAR.match(plain, start - 1))
    return bool(not dashed or told) and _is_near(plain, start, end, numbers)


def _at_home(plain: str, start: int, words: re.Pattern[str] = _HOME) -> bool:
    """Whether the sentence says, not long before, that somebody lives here."""
    before = _SENTENCE_END.split(plain[max(0, start - 32) : start])[-1]
    return words.search(before) is not None


def _is_near(plain: str, start: int, end: int, numbers: Sequence[Span]) -> bool:
    for span in numbers:
        between = plain[end : span.start] if end <= span.start else plain[span.end : start]
        if len(between) <= NEAR and not _SENTENCE_END.search(between):
            return True
    return False


def _names(plain: str, given: Sequence[Span], numbers: Sequence[Span]) -> Iterator[tuple[int, int]]:
    for match in (*_DOTTED.finditer(plain), *_NICKNAME.finditer(plain)):
        yield match.span(1)
    for match in _SELF_NAME.finditer(plain):
        yield from _name_at(plain, match.end())
    for match in _OTHER_NAME.finditer(plain):
        for start, end in _name_at(plain, match.end()):
            if _is_near(plain, start, end, given):
                yield start, end
    for span in numbers:
        if span.kind != "plate":
            yield from _beside(plain, span)


def _name_at(plain: str, start: int) -> Iterator[tuple[int, int]]:
    """The longest name from here that ends where a name can end."""
    longest = _NAME_HERE.match(plain, start)
    for end in range(longest.end() if longest else start, start + 1, -1):
        if _NAME_HERE.fullmatch(plain, start, end) and _AFTER.match(plain, end) and _is_name(plain[start:end]):
            yield start, end
            return


def _beside(plain: str, span: Span) -> Iterator[tuple[int, int]]:
    left = max(0, span.start - NEAR)
    for match in _LEFT.finditer(plain, left, span.start):
        if _is_name(match.group(1)):
            yield match.span(1)
    match_right = _RIGHT.match(plain, span.end, min(len(plain), span.end + NEAR))
    if match_right and _is_name(match_right.group(1)):
        yield match_right.span(1)


def _is_name(word: str) -> bool:
    core = _TITLED.sub("", word)
    if core[:2] in _EVERYDAY or _NOT_GIVEN & set(core[1:]):
        return False
    return core != word or word[-1] not in _PLACE_ENDS


def _again(plain: str, name: str) -> Iterator[tuple[int, int]]:
    """Every place where a name of two characters or more stands again (李某 and titles are too common for that)."""
    if "某" in name or not re.fullmatch(rf"[{_HAN}]{{2,4}}", name) or _TITLED.search(name):
        return
    yield from (match.span() for match in re.finditer(re.escape(name), plain))
