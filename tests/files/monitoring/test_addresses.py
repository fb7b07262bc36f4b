"""Words become the place of a store, or a refusal that says what is missing."""

import pytest

from lowres.errors import MissingDependency, StoreError
from lowres.files.monitoring import addresses
from lowres.files.monitoring.addresses import shown_url, store_url


@pytest.mark.parametrize(
    ("words", "driver", "database"),
    [
        ("records.sqlite", "sqlite", "records.sqlite"),
        ("/var/lib/records.db", "sqlite", "/var/lib/records.db"),
        ("sqlite:////var/lib/records.db", "sqlite", "/var/lib/records.db"),
        ("postgresql://me@host/records", "postgresql+psycopg", "records"),
        ("postgres://me@host/records", "postgresql+psycopg", "records"),
    ],
)
def test_words_become_a_place(words, driver, database):
    url = store_url(words)
    assert (url.drivername, url.database) == (driver, database)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "expected a file or a URL of the store, got nothing"),
        ("mysql://me@host/records", r"expected a file, sqlite:///FILE or postgresql://..., got mysql://"),
        ("sqlite://", "expected a file for the store, got a database in memory"),
        ("postgresql://me:secret@host:port/records", "got one that cannot be read"),
    ],
)
def test_other_words_are_refused(words, told):
    with pytest.raises(StoreError, match=told) as refused:
        store_url(words)
    assert "secret" not in str(refused.value)


def test_a_password_is_not_shown():
    assert shown_url(store_url("postgresql://me:secret@host/records")) == "postgresql+psycopg://me:***@host/records"


@pytest.mark.parametrize(("package", "extra"), [("sqlalchemy", "monitor"), ("psycopg", "postgres")])
def test_a_missing_package_names_its_extra(package, extra, monkeypatch):
    found = addresses.importlib.util.find_spec
    monkeypatch.setattr(addresses.importlib.util, "find_spec", lambda name: None if name == package else found(name))
    with pytest.raises(MissingDependency, match=rf"expected {package} .*pip install 'lowres\[{extra}\]'"):
        store_url("postgresql://me@host/records")
