"""Which Papershelf this is."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The version of the installed program."""
    try:
        return version("papershelf")
    except PackageNotFoundError:
        return "(not installed)"
