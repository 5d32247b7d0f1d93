"""Claims of the tokens that the control plane signs with Ed25519 (EdDSA, RFC 8037), and their limits.

The signature is checked by whoever calls (PyJWT with the algorithm fixed by the key); here only the claims are.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.contract.codec import ContractError, from_json, to_json
from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import AccountId, AppId, MeetingId, NodeId, ParticipantId, is_uuid

ISSUER = "parley"
PARTICIPANT_AUDIENCE = "parley:participant"
NODE_AUDIENCE = "parley:node"
ALGORITHM = "EdDSA"
LEEWAY_S = 5
PARTICIPANT_TOKEN_SECONDS = 24 * 3600
MIN_PARTICIPANT_TOKEN_SECONDS = 60
MAX_PARTICIPANT_TOKEN_SECONDS = 7 * 24 * 3600
NODE_TOKEN_SECONDS = 3600
MAX_TOKEN_BYTES = 8192
INVALID_TOKEN = (
    "the token is not valid"  # whatever is wrong with it: an answer that tells more helps who tries them out
)
REQUIRED_CLAIMS = ("exp", "iat", "jti", "iss", "aud", "sub")


@dataclass(frozen=True, slots=True)
class ParticipantClaims:
    """Who a participant token admits, and where. `generation` dies when the participant's tokens are revoked.

    `grants` are there for a participant without a preset, who came from another meeting with a LiveKit token.
    """

    participant_id: ParticipantId
    account_id: AccountId
    app_id: AppId
    meeting_id: MeetingId
    identity: str
    generation: int
    jti: str
    issued_at: int
    expires_at: int
    grants: Grants | None = None


@dataclass(frozen=True, slots=True)
class NodeClaims:
    """Which node a node token belongs to."""

    node_id: NodeId
    jti: str
    expires_at: int


def encode_participant_claims(claims: ParticipantClaims) -> dict[str, Any]:
    """Return the JWT payload of a participant token."""
    granted = {} if claims.grants is None else {"grt": to_json(claims.grants)}
    return {
        **granted,
        "iss": ISSUER,
        "aud": PARTICIPANT_AUDIENCE,
        "sub": claims.participant_id,
        "acc": claims.account_id,
        "app": claims.app_id,
        "mtg": claims.meeting_id,
        "idn": claims.identity,
        "gen": claims.generation,
        "jti": claims.jti,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
    }


def read_participant_claims(payload: dict[str, Any]) -> ParticipantClaims:
    """Return the claims of a verified payload. Raises ContractError on an absent or wrongly typed claim."""
    return ParticipantClaims(
        participant_id=ParticipantId(_uuid(payload, "sub")),
        account_id=AccountId(_text(payload, "acc")),
        app_id=AppId(_uuid(payload, "app")),
        meeting_id=MeetingId(_uuid(payload, "mtg")),
        identity=_text(payload, "idn"),
        generation=_integer(payload, "gen"),
        jti=_text(payload, "jti"),
        issued_at=_integer(payload, "iat"),
        expires_at=_integer(payload, "exp"),
        grants=from_json(Grants, payload["grt"], "/grt") if "grt" in payload else None,
    )


def encode_node_claims(claims: NodeClaims, issued_at: int) -> dict[str, Any]:
    """Return the JWT payload of a node token."""
    return {
        "iss": ISSUER,
        "aud": NODE_AUDIENCE,
        "sub": claims.node_id,
        "jti": claims.jti,
        "iat": issued_at,
        "exp": claims.expires_at,
    }


def read_node_claims(payload: dict[str, Any]) -> NodeClaims:
    """Return the claims of a verified payload. Raises ContractError on an absent or wrongly typed claim."""
    return NodeClaims(NodeId(_text(payload, "sub")), _text(payload, "jti"), _integer(payload, "exp"))


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise ContractError(f"/{name}", "must be a non-empty string")
    return value


def _uuid(payload: dict[str, Any], name: str) -> str:
    value = _text(payload, name)
    if not is_uuid(value):
        raise ContractError(f"/{name}", "must be a UUID")
    return value


def _integer(payload: dict[str, Any], name: str) -> int:
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ContractError(f"/{name}", "must be an integer")
    return value
