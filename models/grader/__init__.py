"""The learned grader: key points read against an answer by the upper layers of the sentence encoder."""
