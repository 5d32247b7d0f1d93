"""Access tokens that must be refused, each in one way not right, all of them with the same answer.

The same table is run over the service, over HTTP (Twirp and admissions) and at a node of a whole installation.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

YEAR_S = 366 * 24 * 3600
Json = dict[str, Any]


@dataclass(frozen=True)
class Forger:
    """What an attacker may know: a key pair of one app, that of another app, and the control plane's public key.

    `now_s` is the time, in s since 1970, for which tokens are made; `room` a room that is there.
    """

    key: str
    secret: str = field(repr=False)
    other_key: str
    other_secret: str = field(repr=False)
    room: str
    now_s: int
    signing_kid: str
    signing_public_key: bytes

    def claims(self, **changes: Any) -> Json:
        """Return claims that would be right, with some replaced; those set to ... are left out."""
        video = {"roomJoin": True, "roomCreate": True, "roomList": True, "roomAdmin": True, "room": self.room}
        whole = {"iss": self.key, "sub": "mallory", "nbf": self.now_s - 1, "exp": self.now_s + 600, "video": video}
        return {name: value for name, value in (whole | changes).items() if value is not ...}

    def video(self, **changes: Any) -> str:
        """Return a token with some of the video grant replaced."""
        return self.token(video=self.claims()["video"] | changes)

    def token(self, headers: Json | None = None, **changes: Any) -> str:
        """Return a token that is signed as it should be."""
        return jwt.encode(self.claims(**changes), self.secret, "HS256", headers=headers)

    def raw(self, payload: str | None = None, header: str = '{"alg":"HS256","typ":"JWT"}', secret: bytes = b"") -> str:
        """Return a token of these very texts, signed with HMAC-SHA-256."""
        signed = f"{encoded(header.encode())}.{encoded((payload or json.dumps(self.claims())).encode())}"
        mac = hmac.digest(secret or self.secret.encode(), signed.encode(), hashlib.sha256)
        return f"{signed}.{encoded(mac)}"


def encoded(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bad_tokens(forger: Forger) -> dict[str, str]:
    """Return the tokens by what is wrong with them."""
    return {
        **_shapes(forger),
        **_algorithms(forger),
        **_keys(forger),
        **_headers(forger),
        **_times(forger),
        **_types(forger),
        **_texts(forger),
    }


def _shapes(f: Forger) -> dict[str, str]:
    head, body, mac = f.token().split(".")
    return {
        "not a token": "abc",
        "two parts": f"{head}.{body}",
        "four parts": f"{head}.{body}.{mac}.{mac}",
        "five parts, as an encrypted token has": f"{head}.{body}.{mac}.{mac}.{mac}",
        "no signature": f"{head}.{body}.",
        "half a signature": f"{head}.{body}.{mac[: len(mac) // 2]}",
        "a changed signature": f"{head}.{body}.{mac.swapcase()}",
        "a changed payload": f"{head}.{encoded(json.dumps(f.claims(sub='root')).encode())}.{mac}",
        "padded base64": f"{head}.{body}=.{mac}",
        "junk in the signature": f"{head}.{body}.{mac}!",
        "an empty payload": f.raw("{}"),
        "a payload that is a list": f.raw(f"[{json.dumps(f.claims())}]"),
        "a payload that is no JSON": f.raw("{iss:1}"),
        "a payload that is deeply nested": f.raw('{"a":' + "[" * 2000 + "]" * 2000 + "}"),
        "a huge token": f.token(metadata="x" * 9000),
        "a token of a megabyte": "a" * 12_000 + "." + "b" * 100 + ".c",
    }


def _algorithms(f: Forger) -> dict[str, str]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    body = json.dumps(f.claims())
    return {
        "alg none": jwt.encode(f.claims(), "", "none"),
        "alg None": f.raw(header='{"alg":"None"}').rsplit(".", 1)[0] + ".",
        "alg nOnE with a signature": f.raw(header='{"alg":"nOnE"}'),
        "alg HS384": jwt.encode(f.claims(), f.secret * 2, "HS384"),
        "alg HS512": jwt.encode(f.claims(), f.secret * 2, "HS512"),
        "alg RS256": jwt.encode(f.claims(), rsa_key, "RS256"),
        "alg ES256": jwt.encode(f.claims(), ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "alg hs256": f.raw(header='{"alg":"hs256"}'),
        "alg that is a list": f.raw(header='{"alg":["HS256"]}'),
        "alg that is null": f.raw(header='{"alg":null}'),
        "no alg": f.raw(header='{"typ":"JWT"}'),
        "a header that is no object": f.raw(body, header='"HS256"'),
        "EdDSA by a stranger": jwt.encode(f.claims(), Ed25519PrivateKey.generate(), "EdDSA"),
        "EdDSA by a stranger, with our kid": jwt.encode(
            f.claims(), Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": f.signing_kid}
        ),
    }


def _keys(f: Forger) -> dict[str, str]:
    pem = f'{{"alg":"HS256","kid":"{f.signing_kid}"}}'
    return {
        "our public key as the secret": f.raw(secret=f.signing_public_key),
        "our public key as the secret, in base64url": f.raw(secret=encoded(f.signing_public_key).encode()),
        "our public key as the secret, in PEM": f.raw(secret=_pem_of(f.signing_public_key)),
        "our public key as the secret, with our kid": f.raw(header=pem, secret=f.signing_public_key),
        "our public key as the secret, as EdDSA": f.raw(
            header=f'{{"alg":"EdDSA","kid":"{f.signing_kid}"}}', secret=f.signing_public_key
        ),
        "HS256 with our kid": f.token(headers={"kid": f.signing_kid}),
        "another app's secret": jwt.encode(f.claims(), f.other_secret, "HS256"),
        "another app's key": jwt.encode(f.claims(iss=f.other_key), f.secret, "HS256"),
        "an unknown key": f.token(iss="APIUNKNOWN"),
        "the key in lower case": f.token(iss=f.key.lower()),
        "the key's name as the secret": jwt.encode(f.claims(), f.key * 5, "HS256"),
        "the secret with a byte more": jwt.encode(f.claims(), f.secret + "=", "HS256"),
        "no issuer": f.token(iss=...),
        "an empty issuer": f.token(iss=""),
        "an issuer that is a path": f.token(iss="../../KEY#x"),
        "a long issuer": f.token(iss="A" * 5000),
        "a kid that is a path": f.token(headers={"kid": "../../../../dev/null"}),
        "a kid that is SQL": f.token(headers={"kid": "x' UNION SELECT 'secret"}),
        "a kid that is another app's key": f.token(headers={"kid": f.other_key}),
        "a kid that is a number": f.raw(header='{"alg":"HS256","kid":1}'),
    }


def _pem_of(public_key: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _headers(f: Forger) -> dict[str, str]:
    return {
        "an unknown crit": f.token(headers={"crit": ["http://example.invalid/x"], "http://example.invalid/x": True}),
        "an empty crit": f.raw(header='{"alg":"HS256","crit":[]}'),
        "a crit with b64": f.raw(header='{"alg":"HS256","crit":["b64"],"b64":false}'),
        "a crit that is null": f.raw(header='{"alg":"HS256","crit":null}'),
        "alg twice": f.raw(header='{"alg":"none","alg":"HS256"}'),
    }


def _times(f: Forger) -> dict[str, str]:
    claims = {name: value for name, value in f.claims().items() if name != "exp"}

    def until(text: str) -> str:
        return f.raw(json.dumps(claims)[:-1] + f', "exp": {text}}}')

    return {
        "no exp": f.token(exp=...),
        "exp null": f.token(exp=None),
        "exp true": f.raw(json.dumps(f.claims(exp=True))),
        "exp as text": f.raw(json.dumps(f.claims(exp=str(f.now_s + 600)))),
        "exp as a list": f.raw(json.dumps(f.claims(exp=[f.now_s + 600]))),
        "exp in eleven years": f.token(exp=f.now_s + 11 * YEAR_S),
        "exp in ms": f.token(exp=(f.now_s + 600) * 1000),
        "exp of 400 digits": until("9" * 400),
        "exp 1e999": until("1e999"),
        "exp Infinity": until("Infinity"),
        "exp NaN": until("NaN"),
        "nbf in a minute": f.token(nbf=f.now_s + 60),
        "nbf as text": f.raw(json.dumps(f.claims(nbf="0"))),
        "nbf true": f.raw(json.dumps(f.claims(nbf=True))),
        "nbf 1e300": f.token(nbf=1e300),
        "iat in a minute": f.raw(json.dumps(f.claims(iat=f.now_s + 60))),
        "iat as an object": f.raw(json.dumps(f.claims(iat={}))),
    }


def _types(f: Forger) -> dict[str, str]:
    wrong_at_top: Json = {
        "sub": 7,
        "name": 7,
        "kind": 7,
        "kindDetails": "x",
        "metadata": {"a": 1},
        "attributes": ["a"],
        "sha256": 7,
        "roomPreset": True,
        "roomConfig": "x",
        "video": ["roomJoin"],
        "sip": "admin",
        "agent": True,
        "jti": 7,
    }
    wrong_in_video: Json = {
        "room": 7,
        "destinationRoom": ["x"],
        "canPublishSources": "camera",
        **dict.fromkeys(("roomJoin", "roomCreate", "roomList", "roomAdmin", "roomRecord"), "true"),
        **dict.fromkeys(("canPublish", "canSubscribe", "canPublishData"), 0),
        **dict.fromkeys(("canUpdateOwnMetadata", "hidden", "recorder", "agent", "ingressAdmin"), 1),
    }
    wrong_in_config: Json = {
        "emptyTimeout": "60",
        "departureTimeout": -1,
        "maxParticipants": 1.5,
        "metadata": 7,
        "agents": {"agentName": "x"},
        "max_participants": True,
    }
    return {
        **{f"{name} of the wrong type": f.raw(json.dumps(f.claims(**{name: v}))) for name, v in wrong_at_top.items()},
        **{f"video.{name} of the wrong type": f.video(**{name: value}) for name, value in wrong_in_video.items()},
        **{
            f"roomConfig.{name} of the wrong type": f.token(roomConfig={name: value})
            for name, value in wrong_in_config.items()
        },
        "an attribute that is no text": f.token(attributes={"a": 1}),
        "a source that is no text": f.video(canPublishSources=["camera", 7]),
        "an agent that is no object": f.token(roomConfig={"agents": ["x"]}),
        "kindDetails with a number": f.token(kindDetails=[1]),
    }


def _texts(f: Forger) -> dict[str, str]:
    body = json.dumps(f.claims())
    return {
        "iss twice": f.raw(body[:-1] + f', "iss": "{f.key}"}}'),
        "sub twice": f.raw(body[:-1] + ', "sub": "root"}'),
        "exp twice": f.raw(body[:-1] + f', "exp": {f.now_s + 60}}}'),
        "video twice": f.raw(body[:-1] + f', "video": {json.dumps(f.claims()["video"])}}}'),
        "a grant twice": f.raw(body.replace('"roomJoin": true', '"roomJoin": false, "roomJoin": true')),
        "a long identity": f.token(sub="x" * 257),
        "a long name": f.token(name="x" * 257),
        "a long room": f.video(room="x" * 257),
        "half a surrogate pair": f.raw(json.dumps(f.claims(name="\ud800"))),
        "half a surrogate pair as identity": f.raw(json.dumps(f.claims(sub="\udfff"))),
    }
