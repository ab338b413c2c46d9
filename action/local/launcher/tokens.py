"""Verifies a web identity token (a JWT) as STS does: RS256, the issuer's keys, its audience and its time.

RFC 7515 (JWS), RFC 7517 (JWK), RFC 7519 (JWT), RFC 8017 section 8.2.2 (RSASSA-PKCS1-v1_5).
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.request
from pathlib import Path

# RFC 8017, section 9.2, note 1: the DER prefix of a SHA-256 DigestInfo.
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
FETCH_SECONDS = 5


class TokenRefused(Exception):
    """`code` is STS's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parse(token: str) -> tuple[dict, dict, bytes, bytes]:
    """Header, claims, what is signed, and the signature."""
    try:
        header, claims, signature = token.split(".")
        parsed = json.loads(decode(header)), json.loads(decode(claims)), f"{header}.{claims}".encode(), decode(signature)
        if not isinstance(parsed[0], dict) or not isinstance(parsed[1], dict):
            raise ValueError("not an object")
        return parsed
    except ValueError as error:
        raise TokenRefused("InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from error


def read_json(location: str) -> dict:
    if location.startswith(("http://", "https://")):
        with urllib.request.urlopen(location, timeout=FETCH_SECONDS) as answer:
            return json.load(answer)
    return json.loads(Path(location).read_text())


def signing_keys(issuer: str, jwks: str) -> list[dict]:
    """The keys of the given JWKS, else those that the issuer's discovery document names."""
    try:
        location = jwks or read_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")["jwks_uri"]
        return read_json(location)["keys"]
    except (OSError, ValueError, KeyError) as error:
        raise TokenRefused(
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider, please reference "
            "AssumeRoleWithWebIdentity documentation for requirements",
        ) from error


def signature_matches(key: dict, signed: bytes, signature: bytes) -> bool:
    modulus, exponent = (int.from_bytes(decode(key[name]), "big") for name in ("n", "e"))
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    # A signature representative out of range is refused before any arithmetic (RFC 8017, 5.2.2).
    if len(signature) != size or number >= modulus:
        return False
    digest = SHA256_PREFIX + hashlib.sha256(signed).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return hmac.compare_digest(pow(number, exponent, modulus).to_bytes(size, "big"), expected)


def check_signature(header: dict, signed: bytes, signature: bytes, keys: list[dict]) -> None:
    # The algorithm is ours to choose, never the token's: `none` and HS256 with the public key are the known attacks.
    if header.get("alg") == "RS256":
        for key in keys:
            if key.get("kty") == "RSA" and key.get("kid") == header.get("kid"):
                if signature_matches(key, signed, signature):
                    return
    raise TokenRefused("InvalidIdentityToken", "The web identity token's signature could not be verified.")


def check_time(claims: dict) -> None:
    now = int(time.time())
    expiry = claims.get("exp")
    if not isinstance(expiry, (int, float)):
        raise TokenRefused("InvalidIdentityToken", "Missing a required claim: exp")
    if expiry <= now:
        raise TokenRefused(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {int(expiry)}")
    not_before = claims.get("nbf", 0)
    if not isinstance(not_before, (int, float)) or not_before > now:
        raise TokenRefused(
            "InvalidIdentityToken",
            f"Token not yet valid: current date/time {now} must be after the not-before date/time {not_before}")


def check_audience(claims: dict, client_ids: list[str]) -> None:
    audiences = claims.get("aud")
    # STS takes the authorized party for the audience when there are several.
    audiences = [claims.get("azp")] if isinstance(audiences, list) and len(audiences) > 1 else audiences
    audience = audiences[0] if isinstance(audiences, list) and audiences else audiences
    if audience not in client_ids:
        raise TokenRefused("InvalidIdentityToken", "Incorrect token audience")


def verify(token: str, client_ids_of, jwks: str) -> dict:
    """The claims. `client_ids_of(issuer)` gives the registered provider's ClientIDList, or None. Throws TokenRefused."""
    header, claims, signed, signature = parse(token)
    issuer = str(claims.get("iss", ""))
    client_ids = client_ids_of(issuer)
    if client_ids is None:
        raise TokenRefused("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer}")
    check_signature(header, signed, signature, signing_keys(issuer, jwks))
    check_time(claims)
    check_audience(claims, client_ids)
    return claims
