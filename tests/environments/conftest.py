import pytest


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder for files that are overwritten again and again, as hypothesis does."""
    return tmp_path_factory.mktemp("environments")
