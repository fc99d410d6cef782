"""Fixtures that many tests share; what takes seconds is made once a session, the converted encoder once a machine."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assistant.bank import Bank, load_bank
from models.encoder import SentenceEncoder, load_encoder
from tests.tiny import TinyEncoder

# a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def encoder_cache() -> Path:
    """The folder of the converted encoder; it survives the session, because converting takes ten seconds."""
    chosen = os.environ.get("ASSISTANT_TEST_CACHE")
    return Path(chosen) if chosen else Path(tempfile.gettempdir()) / "interview-assistant-test-cache"


@pytest.fixture(scope="session")
def encoder(encoder_cache: Path) -> SentenceEncoder:
    """The real, embedded encoder."""
    return load_encoder(encoder_cache, device="cpu")


@pytest.fixture(scope="session")
def bank() -> Bank:
    """The real bank."""
    return load_bank()


@pytest.fixture
def tiny() -> TinyEncoder:
    """The encoder that counts hashed words."""
    return TinyEncoder()
