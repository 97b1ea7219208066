"""A cry for help is heard, and what only sounds like one isn't taken for it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config.crisis import Crisis, Subject
from assistant.config.files import CONFIGS
from assistant.config.yaml import checked, read_yaml
from assistant.core.safety import Concern, assess

LEXICON = checked(Crisis, read_yaml(CONFIGS / "crisis.yaml"), "configs/crisis.yaml")

EXPLICIT = [
    "我想自杀",
    "我真的想死",
    "我想死了",
    "我打算今晚跳楼",
    "我准备好了安眠药打算自杀",
    "想现在就去死",
    "我决定结束自己的生命",
    "遗书我已经写好了",
    "我写了一封遗书",
    "药已经吃了",
    "药我全吞了",
    "我刚吞了一整瓶安眠药",
    "我要从这里跳下去",
    "让我死吧",
    "我想4了",
    "想紫砂",
    "我想割腕",
    "为什么不去死我想死",
    "宁愿死也不想去",
    "我受不了了想自杀",
    "睡不好想死",
    "我跟他说我想死",
    "我跟他说想死",
    "他不要我了我想死",
    "我 想 自 杀",
    "我想…死",
    "我想自殺",
    "我女朋友走了想自杀",
    "看完电影真的想自杀",
    "i want to die",
    "I'm going to kill myself",
    "i want to end my life tonight",
    "i took all the pills",
    "I just want to end it all",
]

PASSIVE = [
    "我真的不想活了",
    "累死了,真的不想活了",
    "累死了真的不想活了",
    "不想再活下去了",
    "活着没意思",
    "活着真的没什么意思",
    "没有我大家会更好",
    "想永远睡过去",
    "我撑不下去了",
    "解脱算了",
    "死了算了",
    "我想过死",
    "最近想过自杀",
    "疼得想死",
    "我想从这个世界消失",
    "再也不想醒来",
    "不太想活了",
    "想离开这个世界",
    "想重开",
    "我女朋友走了不想活了",
    "妈妈我不想活了",
    "沒有意義活不下去",
    "I don't want to live anymore",
    "everyone would be better off without me",
    "i wish i were dead",
    "there is nothing to live for",
    "我现在站在楼顶上",
    "不想见到明天",
    "我买了很多安眠药",
]

STRAINED = [
    "我觉得好绝望",
    "我快崩溃了",
    "我不会自杀的",
    "我不想死",
    "别担心我不会做傻事",
    "以前想过死",
    "我曾经想自杀",
    "我那时候真的不想活了",
    "我又自残了",
    "我要死了",
    "我不是不想活",
    "不想活得这么累",
    "公司快撑不下去了",
    "我是大家的负担",
    "我伤害过自己",
    "做了个好梦都不想醒来",
    "i would never kill myself",
    "i don't want to die",
    "i feel hopeless",
]

NOTHING = [
    "累死了",
    "今天真的累死我了",
    "笑死我了",
    "饿死了快点上菜",
    "热死人了",
    "想死你了",
    "好久不见想死我了",
    "我想死她了",
    "这个价格贵得要死",
    "困得要死",
    "电脑又死机了",
    "程序进入死循环",
    "死线是明天",
    "我社死了",
    "系统崩溃了",
    "手机快撑不下去了充个电",
    "去死吧",
    "你去死吧",
    "他怎么不去死",
    "你想死啊",
    "这个跳楼价太划算了",
    "想去坐跳楼机",
    "想买个紫砂壶",
    "想重开一局",
    "想4个方案",
    "我不想活动",
    "想起死去的奶奶",
    "奶奶去年离开了这个世界",
    "感冒药已经吃了",
    "医生开的药已经吃了",
    "周末准备烧炭烤肉",
    "我想跳下去游泳",
    "我要打死这只蚊子",
    "决定死磕到底",
    "该死的天气",
    "预防自杀的公益活动",
    "看自杀小队去",
    "他终于解脱了不用加班",
    "明天早上八点叫我起床",
    "我要找你们经理投诉",
    "每次打电话都说在处理",
    "我跟男朋友分手了",
    "最近每天晚上都睡不着",
    "想知道他怎么死的",
    "希望病毒消失",
    "坐在天台上看风景",
    "要死要活的干嘛",
    "i nearly died laughing",
    "this deadline is killing me",
    "i don't want to live in london",
    "i don't want to wake up early",
    "i can't go on holiday",
    "i cut myself shaving",
    "the phone is dead",
    "i'm dying to see it",
    "let's watch suicide squad",
    "",
    "。。。",
]


@pytest.mark.parametrize("line", EXPLICIT)
def test_intent_plan_means_and_time_are_level_three(line: str) -> None:
    assert assess(line, LEXICON) == Concern(3, Subject.SELF)


@pytest.mark.parametrize("line", PASSIVE)
def test_no_wish_to_live_is_level_two(line: str) -> None:
    assert assess(line, LEXICON) == Concern(2, Subject.SELF)


@pytest.mark.parametrize("line", STRAINED)
def test_strain_denial_and_history_ask_for_a_check_in(line: str) -> None:
    assert assess(line, LEXICON) == Concern(1, Subject.SELF)


@pytest.mark.parametrize("line", NOTHING)
def test_everyday_talk_raises_nothing(line: str) -> None:
    assert assess(line, LEXICON) == Concern(0, Subject.SELF)


@pytest.mark.parametrize(
    "line",
    [
        "我朋友想自杀",
        "我朋友跟我说他不想活了",
        "他好像想自杀",
        "我妈说活着没意思",
        "my friend wants to kill myself",
        "有人要跳楼",
        "我室友最近一直说想死",
    ],
)
def test_somebody_elses_danger_goes_to_the_helper_flow(line: str) -> None:
    assert assess(line, LEXICON) == Concern(1, Subject.OTHER)


@pytest.mark.parametrize("line", ["电影里主角想自杀", "新闻说有人想跳楼", "歌词是不想活了", "小说里他决定自杀"])
def test_news_and_fiction_get_one_question(line: str) -> None:
    assert assess(line, LEXICON) == Concern(1, Subject.QUOTED)


@pytest.mark.parametrize("harmless", [line for line in NOTHING if line])
def test_a_guard_never_hides_danger_elsewhere_in_the_sentence(harmless: str) -> None:
    assert assess(f"{harmless},我真的不想活了", LEXICON).level == 2


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gets_a_level(text: str) -> None:
    assert 0 <= assess(text, LEXICON).level <= 3


@settings(deadline=None)
@given(st.text(alphabet="想死活不没他我说真的就要了跳楼自杀", max_size=400))
def test_adding_a_clear_sentence_never_lowers_the_level(text: str) -> None:
    assert assess(f"{text}。我想自杀", LEXICON).level == 3
