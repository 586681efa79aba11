"""One key pair that signs and verifies compact JWS (RFC 7515) with exactly one algorithm.

cryptography does the arithmetic and joserfc the JWK form. joserfc's own `jws` looks the algorithm up in the token's
header, which is the door of algorithm confusion (RFC 8725 2.1), and costs as much again as the signature; here the
algorithm belongs to the key and the header is encoded once.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from joserfc.jwk import ECKey, OKPKey, RSAKey, thumbprint

SIGNING_ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")  # EdDSA is Ed25519; never HS*, never none
RSA_BITS: Final = 2048

_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey
_SHA256 = SHA256()
_ECDSA = ec.ECDSA(_SHA256)
_PKCS1V15 = padding.PKCS1v15()
_P256_BYTES = 32


def encoded(data: bytes) -> bytes:
    """base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=")


def decoded(data: bytes) -> bytes:
    """The reverse of `encoded`; raises ValueError (binascii.Error) for what is no base64."""
    return urlsafe_b64decode(data + b"=" * (-len(data) % 4))


class KeyPair:
    """A private key bound to its algorithm. `kid` is the RFC 7638 thumbprint of the public half."""

    __slots__ = ("_headers", "_private", "_public", "algorithm", "kid", "public_jwk")

    def __init__(self, algorithm: str, private: _PrivateKey) -> None:
        self.algorithm = algorithm
        self._private = private
        self._public = private.public_key()
        self.public_jwk: Mapping[str, str] = _public_jwk(private)
        self.kid = thumbprint(dict(self.public_jwk))
        self._headers: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"KeyPair({self.algorithm}, {self.kid})"

    def sign(self, typ: str, claims: Mapping[str, object]) -> str:
        """A compact JWS of `claims` whose header has this key's `alg` and `kid`, and `typ`."""
        header = self._headers.get(typ)
        if header is None:
            header = encoded(orjson.dumps({"alg": self.algorithm, "typ": typ, "kid": self.kid}))
            self._headers[typ] = header
        message = header + b"." + encoded(orjson.dumps(claims))
        return (message + b"." + encoded(self._signature(message))).decode("ascii")

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """True when `signature` is this key's over `message`, by this key's algorithm whatever a header says."""
        try:
            if isinstance(self._public, ec.EllipticCurvePublicKey):
                if len(signature) != 2 * _P256_BYTES:
                    return False
                r = int.from_bytes(signature[:_P256_BYTES], "big")
                s = int.from_bytes(signature[_P256_BYTES:], "big")
                self._public.verify(encode_dss_signature(r, s), message, _ECDSA)
            elif isinstance(self._public, rsa.RSAPublicKey):
                self._public.verify(signature, message, _PKCS1V15, _SHA256)
            else:
                self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def half_hash(self, value: str) -> str:
        """`at_hash` and `c_hash` (OpenID Connect Core 3.1.3.6): the left half of the hash of this key's algorithm.

        authlib's `create_half_hash` fails open for the names of RFC 9864; Ed25519 hashes with SHA-512 (RFC 8032 5.1).
        """
        digest = hashlib.sha512 if self.algorithm == "EdDSA" else hashlib.sha256
        whole = digest(value.encode("ascii")).digest()
        return encoded(whole[: len(whole) // 2]).decode("ascii")

    def private_bytes(self) -> bytes:
        """The private half as PKCS#8 DER, to be sealed before it is stored."""
        return self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def _signature(self, message: bytes) -> bytes:
        if isinstance(self._private, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(self._private.sign(message, _ECDSA))
            return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(message, _PKCS1V15, _SHA256)
        return self._private.sign(message)


def generate_key(algorithm: str) -> KeyPair:
    """A new key pair. RS256 takes up to a second: call it in a thread. Raises ValueError for another algorithm."""
    private: _PrivateKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == "RS256":
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    elif algorithm == "EdDSA":
        private = Ed25519PrivateKey.generate()
    else:
        raise ValueError(f"no such signing algorithm: {algorithm}")
    return KeyPair(algorithm, private)


def load_key(algorithm: str, private_bytes: bytes) -> KeyPair:
    """The key pair of `private_bytes()`; raises ValueError when the key does not fit the algorithm."""
    private = load_der_private_key(private_bytes, password=None)
    if (
        (algorithm == "ES256" and isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp256r1")
        or (algorithm == "RS256" and isinstance(private, rsa.RSAPrivateKey))
        or (algorithm == "EdDSA" and isinstance(private, Ed25519PrivateKey))
    ):
        return KeyPair(algorithm, private)
    raise ValueError(f"the stored key is no {algorithm} key")


def _public_jwk(private: _PrivateKey) -> Mapping[str, str]:
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kind: type[RSAKey | ECKey | OKPKey] = OKPKey
    if isinstance(private, rsa.RSAPrivateKey):
        kind = RSAKey
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        kind = ECKey
    return {name: str(value) for name, value in kind.import_key(pem).as_dict(private=False).items()}
