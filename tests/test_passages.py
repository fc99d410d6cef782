"""Answers cut into passages, and evidence found again in the answer."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.passages import PASSAGE, evidence, passages
from assistant.text import claims

TEXTS = st.lists(
    st.sampled_from(
        ["Hash tables are fast. ", "哈希表平均常数时间。", "Collisions cost time;\n", "冲突时要链表，", "- yes\n"]
    ),
    min_size=1,
    max_size=60,
).map("".join)


@given(TEXTS, st.data())
def test_every_claim_is_in_one_passage_at_its_place(answer: str, data: st.DataObject):
    found = claims(answer)
    kept = [claim for claim in found if data.draw(st.booleans())]
    cut = passages(kept, answer)
    assert [claim for passage in cut for claim in passage.claims] == kept
    for passage in cut:
        for start, claim in zip(passage.starts, passage.claims, strict=True):
            assert passage.text[start : start + len(claim.text)] == claim.text
        width = sum(2 if char > "\u2e80" else 1 for claim in passage.claims for char in claim.text)
        assert width <= PASSAGE or len(passage.claims) == 1
        dropped = [claim.text for claim in found if claim not in kept]
        assert all(text not in passage.text or any(text in claim.text for claim in kept) for text in dropped)


def test_evidence_is_where_the_gaze_rests():
    answer = "Well, I think so. A hash table is fast. Bread is good."
    (passage,) = passages(claims(answer), answer)
    at = passage.text.index("hash")
    start, end = evidence(passage, [(0, 4, 0.1), (at, at + 4, 0.8), (45, 50, 0.1)])
    assert answer[start:end] == "A hash table is fast."


def test_evidence_takes_in_a_neighbour_that_is_looked_at_as_much():
    answer = "Small chunks lose context. So evidence is torn. Bread is good."
    (passage,) = passages(claims(answer), answer)
    start, end = evidence(passage, [(0, 5, 0.5), (30, 38, 0.4), (50, 55, 0.1)])
    assert answer[start:end] == "Small chunks lose context. So evidence is torn."
