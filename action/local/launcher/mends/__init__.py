"""The mends, one concept a file. Each has LEANS_ON (see self_test.py) and apply(settings)."""

from types import ModuleType

from settings import Settings

from . import bucket_not_empty, lambda_environment, sqs_batch_actions

ALL: tuple[ModuleType, ...] = (bucket_not_empty, lambda_environment, sqs_batch_actions)


def choose(settings: Settings) -> tuple[ModuleType, ...]:
    """The mends to apply; WARREN_LOCAL_WITHOUT names some to leave out, so that a test can show what each is for."""
    return tuple(mend for mend in ALL if mend.__name__.rpartition(".")[2] not in settings.without)
