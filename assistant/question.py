"""A question and its parts, frozen; every text in Chinese and English."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Lang = Literal["zh", "en"]
# YAML folds a line break into a space, which Chinese does not want between its characters
_FOLD = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \n]+(?=[\u3000-\u9fff\uff00-\uffef])")


@dataclass(frozen=True)
class Bilingual:
    """One text in both languages; one of them may be empty only in questions made on the spot."""

    zh: str
    en: str

    def in_lang(self, lang: Lang) -> str:
        """Return the text in `lang`, or in the other language where `lang` is empty."""
        return (self.zh or self.en) if lang == "zh" else (self.en or self.zh)

    def to_dict(self) -> dict[str, str]:
        """Return {"zh": ..., "en": ...}."""
        return {"zh": self.zh, "en": self.en}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Bilingual":
        """Read {"zh": ..., "en": ...}; surrounding white space goes, and so do folds between Chinese characters."""
        return cls(zh=_FOLD.sub("", str(data["zh"]).strip()), en=str(data["en"]).strip())


@dataclass(frozen=True)
class KeyPoint:
    """One claim that a good answer makes; weight 1 to 5, relative to its neighbours."""

    id: str
    weight: int
    text: Bilingual

    def to_dict(self) -> dict[str, Any]:
        """Return the form that the topic files use."""
        return {"id": self.id, "weight": self.weight, **self.text.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "KeyPoint":
        """Read the form that the topic files use."""
        return cls(id=data["id"], weight=data["weight"], text=Bilingual.from_dict(data))


@dataclass(frozen=True)
class PointNote:
    """A text tied to a key point: a misconception that contradicts it, or a follow-up that asks for it."""

    key_point: str
    text: Bilingual

    def to_dict(self) -> dict[str, Any]:
        """Return the form that the topic files use."""
        return {"key_point": self.key_point, **self.text.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PointNote":
        """Read the form that the topic files use."""
        return cls(key_point=data["key_point"], text=Bilingual.from_dict(data))


@dataclass(frozen=True)
class Question:
    """An interview question; question_bank/schema.json describes every field."""

    id: str
    topic: str
    kind: str
    difficulty: int
    roles: tuple[str, ...]
    question: Bilingual
    reference: Bilingual
    key_points: tuple[KeyPoint, ...]
    misconceptions: tuple[PointNote, ...] = ()
    follow_ups: tuple[PointNote, ...] = ()
    hint: Bilingual = Bilingual("", "")
    source: str = ""
    licence: str = ""
    verified: str = ""

    def key_point(self, point_id: str) -> KeyPoint:
        """Return the key point of that id; raise KeyError if there is none."""
        for point in self.key_points:
            if point.id == point_id:
                return point
        raise KeyError(point_id)

    def follow_up_for(self, point_id: str) -> PointNote | None:
        """Return the follow-up that asks for this key point, if the bank has one."""
        return next((note for note in self.follow_ups if note.key_point == point_id), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the form that the topic files use (the topic stands in the file's head there)."""
        return {
            "id": self.id,
            "kind": self.kind,
            "difficulty": self.difficulty,
            "roles": list(self.roles),
            "question": self.question.to_dict(),
            "reference": self.reference.to_dict(),
            "key_points": [point.to_dict() for point in self.key_points],
            "misconceptions": [note.to_dict() for note in self.misconceptions],
            "follow_ups": [note.to_dict() for note in self.follow_ups],
            "hint": self.hint.to_dict(),
            "source": self.source,
            "licence": self.licence,
            "verified": self.verified,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], topic: str) -> "Question":
        """Read a question that the schema has accepted."""
        return cls(
            id=data["id"],
            topic=topic,
            kind=data["kind"],
            difficulty=data["difficulty"],
            roles=tuple(data["roles"]),
            question=Bilingual.from_dict(data["question"]),
            reference=Bilingual.from_dict(data["reference"]),
            key_points=tuple(KeyPoint.from_dict(point) for point in data["key_points"]),
            misconceptions=tuple(PointNote.from_dict(note) for note in data["misconceptions"]),
            follow_ups=tuple(PointNote.from_dict(note) for note in data["follow_ups"]),
            hint=Bilingual.from_dict(data["hint"]),
            source=data["source"],
            licence=data["licence"],
            verified=data["verified"],
        )

    @property
    def digest(self) -> str:
        """Sixteen hex digits that change when anything in the question does."""
        text = json.dumps({"topic": self.topic, **self.to_dict()}, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
