"""The hubs' models that profiles and presets name: pinned, with the hashes that are known. Data, no code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Hub = Literal["modelscope", "huggingface"]

APACHE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a hub at one pinned `revision` (a commit, or a tag).

    `about_bytes` is approximate until the hub's own list is read; `stated` says where the licence stands; `sha256`
    holds the hashes that are known beforehand, by path: what differs from them is refused.
    """

    hub: Hub
    id: str
    revision: str
    about_bytes: int
    purpose: str
    licence: str
    stated: str
    sha256: Mapping[str, str]


CATALOG = (
    Model(
        hub="modelscope",
        id="iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
        revision="v2.0.4",
        about_bytes=889_000_000,
        purpose="words: Paraformer-large, Mandarin",
        licence=APACHE,
        stated="model card on ModelScope",
        sha256={"model.pt": "5bba782a5e9196166233b9ab12ba04cadff9ef9212b4ff6153ed9290ff679025"},
    ),
    Model(
        hub="modelscope",
        id="iic/speech_paraformer-large-vad-punc_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
        revision="v2.0.4",
        about_bytes=910_000_000,
        purpose="words with their times: BiCifParaformer",
        licence=APACHE,
        stated="model card on ModelScope",
        sha256={},
    ),
    Model(
        hub="modelscope",
        id="iic/emotion2vec_plus_large",
        # The tag v2.0.5 has five labels; this commit has the nine. Its model.pt is that of the tag and of Hugging Face.
        revision="767b2e00f04e0b75b5408c73be0d666328808af5",
        about_bytes=1_945_800_000,
        purpose="voice: Emotion2vec+ large, nine labels",
        licence=APACHE,
        stated="model card on ModelScope; the card on Hugging Face says FunASR Model License",
        sha256={
            "model.pt": "be501a01f26fcdc7663a062dff86af839afbaef7c4de32f5e42d7e1ad2784da4",
            "tokens.txt": "866121e470057b847d7a50e9923509141fb2924392f53385a186482a1ec0fb7f",
        },
    ),
    Model(
        hub="huggingface",
        id="emotion2vec/emotion2vec_plus_large",
        revision="6c303ba987b86b93193de93e34bb2b077a6bedc4",
        about_bytes=1_945_800_000,
        purpose="voice: the same Emotion2vec+ large",
        licence="FunASR Model License",
        stated="model card on Hugging Face (license: other)",
        sha256={
            "model.pt": "be501a01f26fcdc7663a062dff86af839afbaef7c4de32f5e42d7e1ad2784da4",
            "config.yaml": "f4fa0eb82cc78bfebb43c56d68791afb01788085a18897d20999af7bc45d51d3",
            "tokens.txt": "866121e470057b847d7a50e9923509141fb2924392f53385a186482a1ec0fb7f",
        },
    ),
    Model(
        hub="huggingface",
        id="emotion2vec/emotion2vec_plus_base",
        revision="b318240bfe67db81a8c572ecb37ce9c3759b81c9",
        about_bytes=1_118_000_000,
        purpose="voice: Emotion2vec+ base, 90 M parameters",
        licence="FunASR Model License",
        stated="model card on Hugging Face (license: other)",
        sha256={"model.pt": "60710b5aae1dbe69bdac8920028fb05882d4314fd09031922b4b61ee9e7aadbd"},
    ),
    Model(
        hub="modelscope",
        id="iic/speech_fsmn_vad_zh-cn-16k-common-pytorch",
        revision="v2.0.4",
        about_bytes=1_731_000,
        purpose="speech or not: FSMN-VAD",
        licence=APACHE,
        stated="model card on ModelScope",
        sha256={
            "model.pt": "b3be75be477f0780277f3bae0fe489f48718f585f3a6e45d7dd1fbb1a4255fc5",
            "config.yaml": "486861ca26ddb79081663b6179cb204c6bfae71c52f04aafc48a9e9d8dde1e93",
            "configuration.json": "7bce8867e37d55c3dd8f672695ced18077a2be199ea529a5d432d5350fc0acba",
        },
    ),
    Model(
        hub="modelscope",
        id="iic/punc_ct-transformer_zh-cn-common-vocab272727-pytorch",
        revision="v2.0.4",
        about_bytes=296_200_000,
        purpose="punctuation: CT-Transformer, Mandarin",
        licence=APACHE,
        stated="model card on ModelScope",
        sha256={
            "model.pt": "a5818bb9d933805a916eebe41eb41648f7f9caad30b4bd59d56f3ca135421916",
            "config.yaml": "a56ec10925b06fa976ad51af373396be2b13e1eb8dc62a5426b5adebaba7071d",
            "tokens.json": "c960ab87bccea4aa15cf49a59f71973c2c330b46668048cd8da253749ec71ee3",
        },
    ),
    Model(
        hub="huggingface",
        id="Johnson8187/Chinese-Emotion-Small",
        revision="2c04ce86de44d232f0fbe31413868eb31d791aea",
        about_bytes=1_136_000_000,
        purpose="sentiment of words: mDeBERTa-v3-base, eight tones",
        licence="MIT",
        stated="model card on Hugging Face",
        sha256={},
    ),
    Model(
        hub="huggingface",
        id="Johnson8187/Chinese-Emotion",
        revision="76f94d57b9fdf2b801b9ff9ef2d2af16d2ddf27e",
        about_bytes=2_260_000_000,
        purpose="sentiment of words: XLM-RoBERTa-large, eight tones",
        licence="MIT",
        stated="model card on Hugging Face",
        sha256={},
    ),
)
