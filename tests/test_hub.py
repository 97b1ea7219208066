"""Models from the hubs: fetched once, resumed, checked byte by byte, packed, and never half there."""

import io
import json
import ntpath
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.files import CONFIGS
from assistant.config.layers import load, profiles
from assistant.config.models import Models
from assistant.errors import ConfigError, FetchError, ModelMissingError, UnreachableError
from assistant.hub import place
from assistant.hub.bundle import INDEX, pack, unpack
from assistant.hub.catalog import CATALOG
from assistant.hub.fetch import fetch, plan
from assistant.hub.needed import needed
from assistant.hub.progress import Silent
from assistant.hub.reference import parse
from assistant.hub.size import shown
from assistant.hub.store import MANIFEST, inside, manifest_of, resolve, state_of
from assistant.hub.uses import references_of
from assistant.hub.verify import verify
from tests.hub import Hub, serve

TOP = Path(__file__).resolve().parent.parent
VOICE = "modelscope:iic/voice@v1"
WORDS = "huggingface:me/words@abc123"
PINNED = "modelscope:iic/speech_fsmn_vad_zh-cn-16k-common-pytorch"
BIG = 24_000_000

segments = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,20}[A-Za-z0-9_-])?", fullmatch=True)
paths = st.lists(
    st.sampled_from(["a", "b.txt", "..", ".", "", "C:", "\\", "CON ", "x\x00", MANIFEST]), min_size=1, max_size=4
)


class Counting:
    def __init__(self) -> None:
        self.tasks: list[tuple[str, int, int]] = []
        self.done = 0

    def start(self, task: str, total: int, done: int = 0) -> None:
        self.tasks.append((task, total, done))
        self.done = done

    def advance(self, count: int) -> None:
        self.done += count
        assert 0 <= self.done <= self.tasks[-1][1]


def bytes_of(size: int, seed: int) -> bytes:
    return (seed.to_bytes(4, "big") + bytes(range(251))) * (size // 255) + b"end"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    voice, words = folder / "iic/voice/v1", folder / "me/words/abc123"
    for path, data in {
        voice / "model.pt": bytes_of(BIG, 1),
        voice / "config.yaml": b"model: Tiny\n",
        voice / "tokens.txt": b"",
        voice / "README.md": b"---\nlicense: Apache License 2.0\n---\n",
        voice / "example/test.wav": b"RIFF",
        voice / "fig/res.png": b"PNG",
        words / "model.safetensors": bytes_of(BIG, 2),
        words / "pytorch_model.bin": b"pickle",
        words / "modeling.py": b"print('never run')",
        words / "config.json": b"{}",
        words / "sub folder/vocab.txt": "字\n".encode(),
        folder / PINNED.removeprefix("modelscope:") / "v2.0.4" / "model.pt": b"not the pinned bytes",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture
def hub(shelf: Path) -> Iterator[Hub]:
    with serve(shelf) as running:
        yield running


@pytest.fixture
def models(hub: Hub, tmp_path: Path) -> Models:
    return Models(folder=str(tmp_path / "models"), modelscope=hub.url, huggingface=hub.url)


def bring(models: Models, *references: str) -> Counting:
    progress = Counting()
    fetch(plan(map(parse, references), models), models, progress)
    return progress


def listed(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


# --- names ------------------------------------------------------------------------------------------------------------


@given(st.sampled_from(["modelscope", "huggingface"]), segments, segments, segments)
def test_a_reference_reads_as_it_was_written_and_stays_below_the_folder(
    hub: str, owner: str, name: str, revision: str
) -> None:
    text = f"{hub}:{owner}/{name}@{revision}"
    try:
        reference = parse(text)
    except ConfigError as error:
        assert "branch" in str(error)
        return
    assert str(reference) == text
    assert parse(str(reference)) == reference
    assert len(Path(os.path.normpath(Path("/m") / reference.place)).parts) == 6


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_written_is_read_safely_or_refused(name: str, revision: str) -> None:
    try:
        reference = parse(f"modelscope:iic/{name}@{revision}")
    except ConfigError:
        return
    assert not {"..", "."} & set(reference.place.parts)
    assert "\\" not in str(reference.place)


@pytest.mark.parametrize(
    "text", ["modelscope:../x@v1", "modelscope:iic/..@v1", "huggingface:a/b@../c", "modelscope:x", "x"]
)
def test_a_reference_that_leads_elsewhere_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ConfigError, match="modelscope:OWNER/NAME@REVISION"):
        parse(text)


@pytest.mark.parametrize("branch", ["master", "main", "HEAD"])
def test_a_branch_is_refused_because_it_moves(branch: str) -> None:
    with pytest.raises(ConfigError, match="can change under the same name"):
        parse(f"modelscope:iic/emotion2vec_plus_large@{branch}")


def test_a_model_of_the_catalog_needs_no_revision() -> None:
    assert parse("modelscope:iic/emotion2vec_plus_large").revision == "767b2e00f04e0b75b5408c73be0d666328808af5"


def test_a_model_that_is_not_in_the_catalog_needs_one() -> None:
    with pytest.raises(ConfigError, match=r"add @REVISION(.|\n)*emotion2vec_plus_large") as caught:
        parse("modelscope:iic/emotion2vec_plus_seed")
    assert "Chinese-Emotion-Small" in str(caught.value)


def test_the_catalog_pins_every_model_and_no_branch() -> None:
    assert len({(model.hub, model.id) for model in CATALOG}) == len(CATALOG)
    for model in CATALOG:
        assert parse(f"{model.hub}:{model.id}") == parse(f"{model.hub}:{model.id}@{model.revision}")
        assert all(len(sha256) == 64 for sha256 in model.sha256.values())


def test_every_profile_and_preset_names_models_that_are_pinned() -> None:
    presets = [f"bundled:configs/{file.relative_to(CONFIGS)}" for file in CONFIGS.glob("*/*.yaml")]
    for config in [*map(load, profiles()), *(load("full", [preset]) for preset in presets)]:
        assert all(reference.model for reference in references_of(config.config))


@given(paths.map("/".join))
def test_a_path_that_counts_as_inside_is_inside_on_every_system(path: str) -> None:
    if inside(path):
        assert os.path.normpath(f"/m/{path}") == f"/m/{path}"
        assert ntpath.normpath(ntpath.join("C:\\m", path)) == f"C:\\m\\{path.replace('/', chr(92))}"
        assert path != MANIFEST


def test_only_what_a_model_needs_is_fetched() -> None:
    here = ["model.pt", "config.yaml", "am.mvn", "seg_dict", "tokens.json", "configuration.json", "README.md"]
    assert (
        needed([*here, "example/a.wav", "fig/x.png", ".gitattributes", "model_quant.onnx", "run.py", "tf_model.h5"])
        == here
    )


def test_pickled_weights_are_left_out_only_where_there_are_safetensors() -> None:
    assert needed(["pytorch_model.bin", "config.json"]) == ["pytorch_model.bin", "config.json"]
    assert needed(["pytorch_model.bin", "model.safetensors"]) == ["model.safetensors"]


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1_731_000, "1.7 MB"), (1_945_790_254, "1.9 GB")]
)
def test_sizes_are_read_by_people(size: int, text: str) -> None:
    assert shown(size) == text


# --- fetching ---------------------------------------------------------------------------------------------------------


def test_models_of_both_hubs_arrive_whole_and_without_what_nobody_needs(hub: Hub, models: Models, shelf: Path) -> None:
    progress = bring(models, VOICE, WORDS)
    voice, words = resolve(VOICE, models), resolve(WORDS, models)
    assert listed(voice) == {"model.pt", "config.yaml", "tokens.txt", "README.md", MANIFEST}
    assert listed(words) == {"model.safetensors", "config.json", "sub folder/vocab.txt", MANIFEST}
    assert (voice / "model.pt").read_bytes() == (shelf / "iic/voice/v1/model.pt").read_bytes()
    assert (words / "model.safetensors").read_bytes() == (shelf / "me/words/abc123/model.safetensors").read_bytes()
    assert [task for task, _, _ in progress.tasks] == ["fetching", "checking"]
    assert progress.done == progress.tasks[-1][1]


def test_what_was_fetched_is_written_down(hub: Hub, models: Models) -> None:
    bring(models, VOICE)
    manifest = manifest_of(resolve(VOICE, models))
    assert manifest
    assert (manifest.hub, manifest.id, manifest.revision) == ("modelscope", "iic/voice", "v1")
    assert (manifest.licence, manifest.address) == ("Apache License 2.0", hub.url)
    assert manifest.bytes == sum(
        file.stat().st_size for file in resolve(VOICE, models).iterdir() if file.name != MANIFEST
    )


def test_a_second_fetch_asks_nobody(hub: Hub, models: Models) -> None:
    bring(models, VOICE, WORDS)
    hub.requests.clear()
    progress = bring(models, VOICE, WORDS)
    assert hub.requests == []
    assert progress.tasks == []


@pytest.mark.parametrize("reference", [VOICE, WORDS])
def test_a_broken_connection_goes_on_where_it_broke(hub: Hub, models: Models, reference: str) -> None:
    hub.cut_after, hub.cuts = 15_000_000, 1
    progress = bring(models, reference)
    assert verify(parse(reference), models, Silent()).good
    starts = [each.start for each in hub.requests if each.start]
    assert starts
    assert hub.sent < BIG + 11_000_000  # no more than one block of the client twice
    assert progress.done == progress.tasks[-1][1]


@pytest.mark.parametrize("reference", [VOICE, WORDS])
def test_a_killed_fetch_is_no_model_and_its_bytes_are_not_fetched_again(
    hub: Hub, models: Models, reference: str
) -> None:
    hub.bytes_per_s = 20e6
    process = subprocess.Popen([sys.executable, "-c", FETCH, models.model_dump_json(), reference], cwd=TOP)
    while hub.sent < 14_000_000 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    with pytest.raises(ModelMissingError, match=r"main\.py models fetch"):
        resolve(reference, models)
    assert state_of(parse(reference), models) == "incomplete"
    hub.bytes_per_s = None
    hub.requests.clear()
    planned = plan([parse(reference)], models)
    assert planned.arrived >= 10_000_000
    progress = Counting()
    fetch(planned, models, progress)
    assert hub.sent <= planned.bytes - planned.arrived
    assert progress.tasks[0] == ("fetching", planned.bytes, planned.arrived)
    assert verify(parse(reference), models, Silent()).good


def test_two_processes_that_fetch_the_same_model_do_not_spoil_each_other(hub: Hub, models: Models) -> None:
    hub.bytes_per_s = 30e6
    command = [sys.executable, "-c", FETCH, models.model_dump_json(), VOICE]
    pair = [subprocess.Popen(command, cwd=TOP) for _ in range(2)]
    assert [process.wait() for process in pair] == [0, 0]
    assert verify(parse(VOICE), models, Silent()).good
    assert hub.sent < 1.1 * BIG


@pytest.mark.parametrize(
    ("reference", "path"), [(VOICE, "config.yaml"), (WORDS, "config.json"), (WORDS, "model.safetensors")]
)
def test_bytes_that_changed_on_their_way_are_refused(hub: Hub, models: Models, reference: str, path: str) -> None:
    hub.flipped = path
    with pytest.raises(FetchError, match=path):
        bring(models, reference)
    with pytest.raises(ModelMissingError):
        resolve(reference, models)
    hub.flipped = None
    bring(models, reference)
    assert verify(parse(reference), models, Silent()).good


@pytest.mark.parametrize(("reference", "path"), [(VOICE, "config.yaml"), (WORDS, "model.safetensors")])
def test_a_file_of_another_size_than_listed_is_refused(hub: Hub, models: Models, reference: str, path: str) -> None:
    hub.longer = path
    for _ in range(2):
        with pytest.raises(FetchError):
            bring(models, reference)
        with pytest.raises(ModelMissingError):
            resolve(reference, models)


def test_other_bytes_than_the_pinned_are_refused_before_a_byte_is_fetched(hub: Hub, models: Models) -> None:
    with pytest.raises(FetchError, match=r"model\.pt .* was refused\n.*b3be75be") as caught:
        bring(models, PINNED)
    assert hub.url in str(caught.value)
    assert len(hub.requests) == 1


def test_a_hub_that_lists_a_file_outside_is_refused(hub: Hub, models: Models, tmp_path: Path) -> None:
    hub.extra = "../../../../evil.txt"
    for reference in (VOICE, WORDS):
        with pytest.raises(FetchError, match="outside the model's folder"):
            bring(models, reference)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "reference", ["modelscope:iic/voice@v9", "huggingface:me/words@v9", "huggingface:me/nobody@v1"]
)
def test_a_model_or_revision_that_does_not_exist_is_named(hub: Hub, models: Models, reference: str) -> None:
    with pytest.raises(FetchError, match=parse(reference).id) as caught:
        bring(models, reference)
    assert not isinstance(caught.value, UnreachableError)


@pytest.mark.parametrize("reference", [VOICE, WORDS])
def test_a_web_page_instead_of_a_hub_is_told_apart(hub: Hub, models: Models, reference: str) -> None:
    hub.page = True
    with pytest.raises(FetchError, match="doesn't answer as"):
        bring(models, reference)


def test_no_network_names_the_address_and_a_way(models: Models) -> None:
    nowhere = models.model_copy(update={"huggingface": "http://127.0.0.1:9"})
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:9 can't be reached.*\n.*try again"):
        bring(nowhere, WORDS)


def test_a_connection_that_brings_nothing_more_is_given_up_and_kept(hub: Hub, models: Models) -> None:
    planned = plan([parse(WORDS)], models)
    hub.status = 503
    with pytest.raises(UnreachableError, match="what has arrived is kept"):
        fetch(planned, models, Silent())


def test_too_small_a_disk_is_told_before_a_byte_is_fetched(
    hub: Hub, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10_000_000))
    planned = plan([parse(VOICE)], models)
    with pytest.raises(FetchError, match=r"24\.0 MB are needed, but only 10\.0 MB .*\n.*models\.folder=PATH"):
        fetch(planned, models, Silent())
    assert hub.sent == 0


def test_nothing_is_said_of_who_fetches(
    hub: Hub, models: Models, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = {"HF_TOKEN": "hf_secret", "MODELSCOPE_API_TOKEN": "ms-secret", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, models.model_dump_json(), VOICE, WORDS],
        cwd=TOP, env={**os.environ, **secrets}, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    everything = json.dumps([each.headers for each in hub.requests])
    assert "secret" not in everything
    assert "Authorization" not in everything
    assert {path.name for path in tmp_path.iterdir()} == {"models"}
    sessions = {part for part in everything.split() if part.startswith("session_id/")}
    assert sessions == {f"session_id/{'0' * 32};"}


# --- what lies on the disk --------------------------------------------------------------------------------------------


def test_a_flipped_byte_a_lost_file_and_a_stray_one_are_found(hub: Hub, models: Models) -> None:
    bring(models, VOICE)
    folder = resolve(VOICE, models)
    flip(folder / "model.pt", 12_345_678)
    (folder / "config.yaml").unlink()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / ".DS_Store").write_bytes(b"")
    verdict = verify(parse(VOICE), models, Silent())
    assert not verdict.good
    assert (verdict.missing, verdict.changed, verdict.stray) == (("config.yaml",), ("model.pt",), ("notes.txt",))


def test_a_lost_file_is_missed_at_once_and_fetched_alone(hub: Hub, models: Models) -> None:
    bring(models, VOICE)
    (resolve(VOICE, models) / "config.yaml").unlink()
    with pytest.raises(ModelMissingError, match=r"incomplete: .*config\.yaml is missing"):
        resolve(VOICE, models)
    hub.requests.clear()
    bring(models, VOICE)
    assert hub.sent == len(b"model: Tiny\n")
    assert verify(parse(VOICE), models, Silent()).good


def test_a_file_that_lost_its_end_is_missed_at_once(hub: Hub, models: Models) -> None:
    bring(models, VOICE)
    os.truncate(resolve(VOICE, models) / "model.pt", 1000)
    with pytest.raises(ModelMissingError, match=r"incomplete: .*model\.pt has 1000 bytes instead of"):
        resolve(VOICE, models)


def test_files_without_their_record_are_no_model(hub: Hub, models: Models) -> None:
    bring(models, VOICE)
    (resolve(VOICE, models) / MANIFEST).unlink()
    with pytest.raises(ModelMissingError, match="not fetched"):
        resolve(VOICE, models)
    hub.requests.clear()
    bring(models, VOICE)
    assert hub.sent == 0  # the bytes that lay there were checked and taken
    assert verify(parse(VOICE), models, Silent()).good


def test_a_changed_file_is_mended_alone(hub: Hub, models: Models) -> None:
    bring(models, VOICE)
    (resolve(VOICE, models) / "config.yaml").write_bytes(b"model: Evil\n")
    (resolve(VOICE, models) / "stray.py").write_bytes(b"")
    hub.requests.clear()
    place.reopen(parse(VOICE), ["config.yaml"], models)
    bring(models, VOICE)
    assert hub.sent == len(b"model: Tiny\n")
    assert verify(parse(VOICE), models, Silent()).good


# --- one file, for a machine with no network --------------------------------------------------------------------------


@pytest.fixture
def packed(hub: Hub, models: Models, tmp_path: Path) -> Path:
    bring(models, VOICE, WORDS)
    pack([parse(VOICE), parse(WORDS)], tmp_path / "models.tar", models, Silent())
    return tmp_path / "models.tar"


@pytest.fixture
def other(tmp_path: Path) -> Models:
    return Models(
        folder=str(tmp_path / "inner/other"), modelscope="http://127.0.0.1:9", huggingface="http://127.0.0.1:9"
    )


def test_what_is_packed_is_unpacked(packed: Path, models: Models, other: Models) -> None:
    progress = Counting()
    assert unpack(packed, other, progress) == [parse(VOICE), parse(WORDS)]
    assert progress.done == progress.tasks[-1][1]
    for reference in (VOICE, WORDS):
        assert verify(parse(reference), other, Silent()).good
        assert manifest_of(resolve(reference, other)) == manifest_of(resolve(reference, models))


def test_what_is_there_already_stays(packed: Path, other: Models) -> None:
    unpack(packed, other, Silent())
    before = (resolve(VOICE, other) / "model.pt").stat()
    unpack(packed, other, Silent())
    assert (resolve(VOICE, other) / "model.pt").stat().st_mtime_ns == before.st_mtime_ns


def test_the_same_models_give_the_same_file(packed: Path, models: Models, tmp_path: Path) -> None:
    pack([parse(VOICE), parse(WORDS)], tmp_path / "again.tar", models, Silent())
    assert packed.read_bytes() == (tmp_path / "again.tar").read_bytes()


def test_a_model_that_changed_on_the_disk_is_not_packed(hub: Hub, models: Models, tmp_path: Path) -> None:
    bring(models, VOICE)
    flip(resolve(VOICE, models) / "model.pt", 5)
    with pytest.raises(FetchError, match=r"--mend modelscope:iic/voice@v1"):
        pack([parse(VOICE)], tmp_path / "models.tar", models, Silent())
    assert not (tmp_path / "models.tar").exists()


def test_a_torn_file_is_refused_and_nothing_of_the_torn_model_is_installed(packed: Path, other: Models) -> None:
    os.truncate(packed, 30_000_000)
    with pytest.raises(FetchError, match=r"models\.tar"):
        unpack(packed, other, Silent())
    assert verify(parse(VOICE), other, Silent()).good
    with pytest.raises(ModelMissingError):
        resolve(WORDS, other)


def entry(path: str, data: bytes) -> dict[str, object]:
    import hashlib

    return {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def archive(
    path: Path, files: list[dict[str, object]], members: list[tuple[tarfile.TarInfo, bytes]], **over: str
) -> None:
    manifest = {"hub": "modelscope", "id": "iic/x", "revision": "v1", "licence": "", "address": "", "when": "", **over}
    index = json.dumps([{**manifest, "files": files}]).encode()
    with tarfile.open(path, "w") as out:
        for member, data in [(tarfile.TarInfo(INDEX), index), *members]:
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def pipe(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.FIFOTYPE
    return member


GOOD = "modelscope/iic/x/v1/model.pt"


@pytest.mark.parametrize(
    ("files", "members", "over"),
    [
        ([entry("../../../../evil", b"x")], [(tarfile.TarInfo("modelscope/iic/x/v1/../../../../evil"), b"x")], {}),
        ([entry("/tmp/evil", b"x")], [(tarfile.TarInfo("/tmp/evil"), b"x")], {}),
        ([entry("model.pt", b"x")], [(tarfile.TarInfo("../evil"), b"x")], {}),
        ([entry("model.pt", b"")], [(link(GOOD, "/etc/passwd"), b"")], {}),
        ([entry("model.pt", b"")], [(pipe(GOOD), b"")], {}),
        ([entry("model.pt", b"x")], [(tarfile.TarInfo(GOOD), b"y")], {}),
        ([entry("model.pt", b"x")], [(tarfile.TarInfo(GOOD), b"xx")], {}),
        ([entry("model.pt", b"x")], [], {}),
        ([entry(MANIFEST, b"x")], [(tarfile.TarInfo(f"modelscope/iic/x/v1/{MANIFEST}"), b"x")], {}),
        ([entry("model.pt", b"x")], [(tarfile.TarInfo("modelscope/../../x/model.pt"), b"x")], {"id": "../.."}),
        ([entry("model.pt", b"x")], [(tarfile.TarInfo("modelscope/iic/x/../m"), b"x")], {"revision": ".."}),
    ],
)
def test_a_malicious_file_is_refused_and_writes_no_model(
    files: list[dict[str, object]],
    members: list[tuple[tarfile.TarInfo, bytes]],
    over: dict[str, str],
    other: Models,
    tmp_path: Path,
) -> None:
    archive(tmp_path / "evil.tar", files, members, **over)
    with pytest.raises(FetchError, match=r"evil\.tar"):
        unpack(tmp_path / "evil.tar", other, Silent())
    inner = tmp_path / "inner"
    assert {path.name for path in tmp_path.iterdir()} <= {"evil.tar", "inner"}
    assert not inner.exists() or {path.name for path in inner.iterdir()} == {"other"}
    assert not list((inner / "other").glob("modelscope/**/model.pt"))


@given(paths.map("/".join), paths.map("/".join))
def test_unpacking_never_writes_outside(tmp_path_factory: pytest.TempPathFactory, announced: str, name: str) -> None:
    place = tmp_path_factory.mktemp("unpack")
    models = Models(folder=str(place / "a/b/c/models"), modelscope="http://x", huggingface="http://x")
    member = tarfile.TarInfo(name.replace("\x00", "") or "x")
    archive(place / "x.tar", [entry(announced, b"x")], [(member, b"x")])
    with pytest.raises(FetchError):
        unpack(place / "x.tar", models, Silent())
    outside = {file for file in place.rglob("*") if not file.is_relative_to(place / "a/b/c/models") and file.is_file()}
    assert outside == {place / "x.tar"}
    shutil.rmtree(place)


@pytest.mark.parametrize("data", [b"", b"not a tar" * 100, bytes(20_000)])
def test_a_file_of_another_kind_is_refused(data: bytes, other: Models, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(FetchError, match=r"x\.tar"):
        unpack(tmp_path / "x.tar", other, Silent())


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


FETCH = """
import sys
from assistant.config.models import Models
from assistant.hub.fetch import fetch, plan
from assistant.hub.progress import Silent
from assistant.hub.reference import parse
models = Models.model_validate_json(sys.argv[1])
fetch(plan(map(parse, sys.argv[2:]), models), models, Silent())
"""
