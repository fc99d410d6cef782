import pytest

from assistant.summary import summarise
from tests.examples import mixed_interview


@pytest.fixture
def mixed():
    return mixed_interview()


def test_a_summary_counts_what_happened(mixed):
    summary = summarise(*mixed)
    # 100, skipped 0, and 0 + half of the follow-up's weight 2/6 = 17
    assert summary.score == round((100 + 0 + 17) / 3)
    assert [(t.topic, t.score, t.questions) for t in summary.topics] == [("law", 0, 1), ("rag", 58, 2)]
    assert (summary.total, summary.answered, summary.skipped, summary.follow_ups, summary.hints) == (3, 2, 1, 1, 1)
    assert [t.topic for t in summary.weak_topics] == ["law", "rag"]


def test_points_won_and_lost_carry_their_evidence(mixed):
    summary = summarise(*mixed)
    won = [(p.question_id, p.id, p.evidence and p.evidence.text) for p in summary.won]
    assert won == [("rag-1", "p0", "all"), ("rag-1", "p1", "of"), ("rag-1", "p2", "it"), ("rag-3", "p1", "now")]
    lost = [(p.question_id, p.id, p.verdict, p.evidence and p.evidence.text) for p in summary.lost]
    assert lost == [
        *(("law-2", f"p{n}", "missing", None) for n in range(3)),
        ("rag-3", "p0", "contradicted", "half"),
        ("rag-3", "p2", "missing", None),
    ]


def test_what_to_study_is_ordered_by_lost_weight_and_has_the_reference(mixed):
    study = summarise(*mixed).study
    assert [(item.question_id, round(item.lost, 3)) for item in study] == [("law-2", 1.0), ("rag-3", 0.667)]
    assert [point.id for point in study[1].points] == ["p0", "p2"]
    assert study[0].reference.en == "Reference answer number 2."
