"""Hashes of client secrets that other products made. Each good one here was made by the library that is named."""

import bcrypt
import pytest

from ostiary_state.applications.secret_hashes import MAX_LENGTH, SecretHash, UnusableHash

SECRET = "correct horse battery staple"
BY_GO = "$2a$05$sYYhHAt6Wg1i6K/jdz71o.FWOLESlMx0xgeHEM6Sg.1nxO/3jbjza"  # golang.org/x/crypto/bcrypt
BY_LIBXCRYPT = "$2y$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS"  # crypt(3), as htpasswd -B
BY_PYTHON = "$2b$05$rh8lwEc3iYf27fMu08CQEehjgZYFoKGPQMWZyNuL1H5XzaGwwOVHi"  # bcrypt 5.0
BY_PASSLIB = "$pbkdf2-sha256$29000$RShFCCGEUCoFIETIec/Z2w$9fg.sXni/SR5pWGdF4MbvG2bTF7k//FqqyOoLuk76R8"
BY_PASSLIB_512 = (
    "$pbkdf2-sha512$1000$tBYiJOR8L6XU.l9LiZHSWg"
    "$x/t5tgIgQPsuProAdGKmCt/E/hQyF252Q8zsZL2qguN3WKdGqM7Mt.E0i.C/yhhKFkYm7HvwTYZTOzlHtyMWXQ"
)
AS_HYDRA = "$pbkdf2-sha256$i=25000,l=32$1vNhhIHPCveKnvS1E4n1xQ$L8jQf5quHGlFuCNR0pofhTHUG8E/Wn1PKRqqWjBYWZw"  # Go


@pytest.mark.parametrize("text", [BY_GO, BY_LIBXCRYPT, BY_PYTHON, BY_PASSLIB, BY_PASSLIB_512])
def test_a_hash_of_another_library_matches_its_secret_and_no_other(text: str) -> None:
    hashed = SecretHash.parse(text)
    assert hashed.matches(SECRET)
    assert not hashed.matches(SECRET + " ")
    assert not hashed.matches("")
    assert hashed.text == text


def test_a_hash_as_hydra_writes_it_matches_its_secret_and_no_other() -> None:
    assert SecretHash.parse(AS_HYDRA).matches("s3cret-from-hydra")
    assert not SecretHash.parse(AS_HYDRA).matches("s3cret-from-hydrA")


def test_of_a_long_secret_bcrypt_sees_72_bytes_as_where_the_hash_comes_from() -> None:
    text = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert SecretHash.parse(text).matches("x" * 100)
    assert not SecretHash.parse(text).matches("x" * 71)


def test_a_secret_with_other_letters_is_hashed_in_utf_8() -> None:
    text = bcrypt.hashpw("schlüssel".encode(), bcrypt.gensalt(4)).decode()
    assert SecretHash.parse(text).matches("schlüssel")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "of no kind that is known here: bcrypt"),
        ("plain", "of no kind"),
        (BY_GO + "\n", "of no kind"),
        (BY_GO[:-1], "of no kind"),
        (BY_GO.replace("$2a$", "$2x$"), "of no kind"),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g", "of no kind"),
        ("$pbkdf2-sha1$i=1000,l=20$c2FsdA$aGFzaA", "of no kind"),
        ("$pbkdf2-sha384$i=1000,l=48$c2FsdA$aGFzaA", "of no kind"),  # Ory's is SHA-3, others' SHA-2
        (BY_GO.replace("$05$", "$16$"), "from 4 to 15 here, and not 16"),
        (BY_GO.replace("$05$", "$31$"), "from 4 to 15 here, and not 31"),
        (BY_GO.replace("$05$", "$03$"), "from 4 to 15 here, and not 3"),
        (AS_HYDRA.replace("i=25000", "i=2000001"), "from 1 to 2000000 iterations here, and not 2000001"),
        (BY_PASSLIB.replace("29000", "9999999999"), "iterations here"),
        (BY_PASSLIB.replace("29000", "0"), "iterations here"),
        (AS_HYDRA.replace("l=32", "l=64"), "it was cut off"),
        (AS_HYDRA[:-20], "it was cut off"),
        ("$pbkdf2-sha256$1000$c2FsdA$aGFzaA", "from 16 to 64 bytes"),
        ("$pbkdf2-sha256$1000$c2Fsd$" + "A" * 43, "are not base64"),
        ("$2a$" + "0" * MAX_LENGTH, f"at most {MAX_LENGTH} characters"),
    ],
)
def test_another_text_is_refused_with_a_reason_that_does_not_quote_it(text: str, problem: str) -> None:
    with pytest.raises(UnusableHash, match=problem) as refused:
        SecretHash.parse(text)
    assert len(text) < 10 or text not in str(refused.value)


def test_the_dearest_hash_that_is_allowed_is_accepted_without_being_computed() -> None:
    assert SecretHash.parse(BY_GO.replace("$05$", "$15$"))
    assert SecretHash.parse(BY_PASSLIB.replace("29000", "2000000"))


def test_a_hash_does_not_show_in_a_repr() -> None:
    assert BY_GO not in repr(SecretHash.parse(BY_GO))
    assert "FWOLES" not in repr(SecretHash.parse(BY_GO))
