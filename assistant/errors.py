"""The one error that users see: a sentence that says what was wrong, quotes the value, and gives the remedy."""


class AssistantError(Exception):
    """A mistake in what the user gave; its text is shown to them as it is."""


class BankError(AssistantError):
    """A question bank that cannot be used; the message names the file and the question."""


class InputError(AssistantError):
    """An answer, a file or an option that cannot be taken."""
