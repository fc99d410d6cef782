import os
from pathlib import Path

import pytest

from assistant.errors import InputError
from assistant.settings import Settings


def test_nothing_set_gives_the_defaults():
    found = Settings.from_environment({})
    assert found == Settings(data=Path.home() / ".interview-assistant")
    assert (found.encoder, found.lang, found.banks, found.device) == ("embedded", None, (), "auto")


def test_every_variable_is_read(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = Settings.from_environment(
        {
            "ASSISTANT_DATA": str(tmp_path / "data"),
            "ASSISTANT_ENCODER": "someone/some-model",
            "ASSISTANT_LANG": "zh",
            "ASSISTANT_BANKS": os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]),
            "ASSISTANT_DEVICE": "cpu",
        }
    )
    assert found == Settings(tmp_path / "data", "someone/some-model", "zh", (tmp_path / "a", tmp_path / "b"), "cpu")
    assert not (tmp_path / "data").exists()


def test_an_empty_variable_is_the_same_as_none():
    names = ("ASSISTANT_DATA", "ASSISTANT_ENCODER", "ASSISTANT_LANG", "ASSISTANT_BANKS", "ASSISTANT_DEVICE")
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings.from_environment({})


def test_the_processes_own_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("ASSISTANT_LANG", "en")
    assert Settings.from_environment().lang == "en"


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("ASSISTANT_LANG", "fr", "use zh or en"),
        ("ASSISTANT_LANG", "ZH", "use zh or en"),
        ("ASSISTANT_DEVICE", "tpu", "use auto, cpu, cuda, mps"),
        ("ASSISTANT_BANKS", "/no/such/folder", "not a folder"),
    ],
)
def test_a_wrong_value_is_quoted_with_the_remedy(name, value, remedy):
    with pytest.raises(InputError, match=f"{name}.*'{value}'.*{remedy}"):
        Settings.from_environment({name: value})


def test_a_bank_that_is_a_file_is_refused(tmp_path):
    file = tmp_path / "bank.yaml"
    file.write_text("topic: x")
    with pytest.raises(InputError, match="not a folder"):
        Settings.from_environment({"ASSISTANT_BANKS": str(file)})
