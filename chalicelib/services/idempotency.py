"""Idempotency keys: the same POST with the same key is done once, and answered again with the first answer.

An answer may hold a secret that is shown once (a token, the secret of a key pair). So it is stored encrypted
(AES-256-GCM) with a key made from the installation's signing key and the caller's idempotency key, of which only the
hash is stored: neither the table nor the table with the signing key tells what was answered.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.limits import IDEMPOTENCY_SECONDS, MAX_IDEMPOTENCY_KEY_CHARS, MAX_STORED_ANSWER_BYTES
from chalicelib.services.call_ports import IdempotencyRecord
from chalicelib.services.dependencies import Dependencies
from chalicelib.services.ports import ConditionFailed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# API Gateway gives up after 29 s; what is still in progress after twice that has died.
LOCK_MS = 60_000
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given."""

    status: int
    body: str = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that holds a key: what complete() and release() need to know."""

    tenant: str
    key: str = field(repr=False)
    record: IdempotencyRecord


def begin(deps: Dependencies, tenant: str, key: str, request: bytes) -> Attempt | Answer:
    """Take the key for this request, or return the answer that the same request got before.

    `request` is everything that makes it the same one. Raises ParleyError INVALID_FIELD for a key that is no key,
    REPEATED_TOO_SOON while the first call runs, IDEMPOTENCY_KEY_REUSED when the key was used for another request.
    """
    if not (0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARS and key.isascii() and key.isprintable()):
        reason = f"must have 1 to {MAX_IDEMPOTENCY_KEY_CHARS} printable ASCII characters"
        raise ParleyError(ErrorId.INVALID_FIELD, f"/Idempotency-Key: {reason}", "/Idempotency-Key")
    now_ms = deps.now_ms()
    record = IdempotencyRecord(
        record_id=hashlib.sha256(f"{tenant}\n{key}".encode()).hexdigest(),
        fingerprint=hashlib.sha256(request).hexdigest(),
        owner=deps.entropy(16).hex(),
        locked_until_ms=now_ms + LOCK_MS,
        expires_at_ms=now_ms + IDEMPOTENCY_SECONDS * 1000,
    )
    try:
        deps.idempotency.begin(tenant, record, now_ms)
    except ConditionFailed:
        return _earlier(deps, tenant, key, record)
    return Attempt(tenant, key, record)


def complete(deps: Dependencies, attempt: Attempt, answer: Answer) -> None:
    """Keep the answer. One that is too long is not kept: a repeated call is told that the first one was done."""
    plain = json.dumps([answer.status, answer.content_type, answer.body]).encode()
    if len(plain) > MAX_STORED_ANSWER_BYTES:
        plain = b"null"
    nonce = deps.entropy(_NONCE_BYTES)
    sealed = _cipher(deps, attempt.tenant, attempt.key).encrypt(nonce, plain, attempt.record.record_id.encode())
    deps.idempotency.complete(attempt.tenant, attempt.record, nonce + sealed)


def release(deps: Dependencies, attempt: Attempt) -> None:
    """Give the key back: nothing was done."""
    deps.idempotency.release(attempt.tenant, attempt.record)


def _earlier(deps: Dependencies, tenant: str, key: str, asked: IdempotencyRecord) -> Answer:
    found = deps.idempotency.get(tenant, asked.record_id)
    if found is None:  # it was given back between the two requests
        raise ParleyError(ErrorId.REPEATED_TOO_SOON, "the first call with this Idempotency-Key has just failed")
    if not hmac.compare_digest(found.fingerprint, asked.fingerprint):
        message = "this Idempotency-Key was used for another request; use a new one"
        raise ParleyError(ErrorId.IDEMPOTENCY_KEY_REUSED, message, "/Idempotency-Key")
    if found.answer is None:
        raise ParleyError(ErrorId.REPEATED_TOO_SOON, "the first call with this Idempotency-Key is still running")
    nonce, sealed = found.answer[:_NONCE_BYTES], found.answer[_NONCE_BYTES:]
    kept = json.loads(_cipher(deps, tenant, key).decrypt(nonce, sealed, found.record_id.encode()))
    if kept is None:
        raise ParleyError(ErrorId.ALREADY_EXISTS, "the first call was done, its answer was too long to be kept")
    return Answer(status=kept[0], content_type=kept[1], body=kept[2])


def _cipher(deps: Dependencies, tenant: str, key: str) -> "AESGCM":
    # Imported when needed: most calls have no key, and a cold start counts every module.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    purpose = f"parley idempotency\n{tenant}\n{key}".encode()
    return AESGCM(hmac.digest(deps.config.signing_key, purpose, "sha256"))
