"""Words that hold for every cloud. What a cloud can tell better stands in the file of its name."""

from urllib.parse import urlsplit

from clouds.calls.answers import TOO_LARGE
from clouds.doctor.quoting import shell
from clouds.doctor.storage_remedies import not_supported, own_object, quota, suspended
from clouds.failures import OWN_OBJECT, Cause
from clouds.permissions import Permission
from clouds.remedies import Case, Remedy, sentence

OPERATOR = "Ask the operator of this installation"


def denied(case: Case) -> Remedy:
    # Only for what exists can a cloud say that it is not there: at a misspelt path it says "denied" as well.
    typo = " Or the path has a typo, and the grant is for another." if case.permission is Permission.LIST else ""
    return Remedy(
        f"denied: {case.right}",
        f"{sentence(case.grantee)} lacks {case.right} for this path, or a policy of the {case.container} denies it."
        f"{typo}",
        f"Grant {case.right} on {case.config.path} to {case.grantee}, then check again.",
        f"Do the same as {case.config.principal} with your cloud's own tool: it must be denied as well.",
    )


def explicit_deny(case: Case) -> Remedy:
    what = f"A {case.failure.detail}" if case.failure.detail else "A policy"
    return Remedy(
        f"forbidden: {case.right}",
        f"{what} explicitly denies {case.right} here. This overrides every grant, so another grant does not help.",
        f"Find the statement with the effect Deny and make an exception for {case.grantee}.",
        f"Read the policies of {case.grantee}, of the {case.container} {case.config.bucket} and of the organisation.",
    )


def network_rules(case: Case) -> Remedy:
    return Remedy(
        "can't be verified from here",
        f"Network rules block this server from the {case.container} {case.config.bucket}. So it can't be verified from "
        "here whether the credentials are right. They may work inside the permitted network.",
        "To allow this server, add its address to the rules. Otherwise leave it: this bulb then says nothing.",
        "Try the same from inside the permitted network: if it works there, the credentials are right.",
    )


def unknown_key(case: Case) -> Remedy:
    return Remedy(
        "the cloud does not know this key",
        f"{sentence(case.grantee)} does not exist: it was deleted or deactivated, or has a typo.",
        "Compare it with your cloud's console, or make a new key, and enter it again.",
        f"Look for {case.config.principal} in your cloud's console.",
        field="access_key_id",
    )


def wrong_secret(case: Case) -> Remedy:
    return Remedy(
        f"wrong {case.secret}",
        f"The {case.secret} does not belong to {case.config.principal}.",
        f"Enter the {case.secret} again, or make a new pair of key and secret.",
        "Use the same pair with your cloud's own tool: it must be refused as well.",
        field=case.secret_field,
    )


def expired(case: Case) -> Remedy:
    return Remedy(
        f"{case.secret} has expired",
        f"The {case.secret} was valid only until a date that has passed.",
        f"Make a new {case.secret} and enter it.",
        f"Compare the end of the {case.secret} with the current time, in UTC.",
        field=case.secret_field,
    )


def not_yet_valid(case: Case) -> Remedy:
    return Remedy(
        f"{case.secret} is not valid yet",
        f"The {case.secret} becomes valid at a later time.",
        f"Wait until then, or make a {case.secret} that starts now.",
        f"Compare the start of the {case.secret} with the current time, in UTC.",
        field=case.secret_field,
    )


def credential_refused(case: Case) -> Remedy:
    return Remedy(
        f"{case.secret} refused",
        f"The {case.secret} is wrong, expired or revoked. The cloud does not say which.",
        f"Make a new {case.secret} for the {case.container} {case.config.bucket} and enter it.",
        "Use it with your cloud's own tool: it must be refused as well.",
        field=case.secret_field,
    )


def malformed_credential(case: Case) -> Remedy:
    return Remedy(
        f"{case.secret} is damaged",
        f"The {case.secret} can't be read: a part is missing or was changed while copying.",
        f"Copy the complete {case.secret} again and enter it.",
        "Compare its first and last characters, and its length, with the original.",
        field=case.secret_field,
    )


def wrong_region(case: Case) -> Remedy:
    region, bucket = case.failure.region, case.config.bucket
    whereabouts = f"The {case.container} is in {region}." if region else "The cloud does not say which is right."
    return Remedy(
        f"wrong region{f': it is {region}' if region else ''}",
        f"The {case.container} {bucket} is not in the region or at the endpoint you gave. {whereabouts}",
        f"Set the region to {region}." if region else f"Look up the region of {bucket} in your console.",
        f"Your console shows the region of {bucket} in the list of buckets.",
        field=case.words.region_field,
    )


def no_bucket(case: Case) -> Remedy:
    return Remedy(
        f"no {case.container} named {case.config.bucket}",
        f"There is no {case.container} {case.config.bucket} here. Its name has a typo, or it is in another account.",
        f"Correct the {case.container}'s name in the path, or create it.",
        f"Look for {case.config.bucket} in your console's list.",
        field="path",
    )


def no_object(case: Case) -> Remedy:
    return Remedy(
        "the object vanished",
        "The object was there a moment ago and is gone now.",
        "Check again.",
        "Find out whether something deletes files in this directory, such as a lifecycle rule.",
    )


def already_exists(case: Case) -> Remedy:
    return Remedy(
        "the object was locked",
        "Somebody else wrote the same object at the same moment.",
        "Check again.",
        "The problem does not come back if nobody else writes there.",
    )


def changed(case: Case) -> Remedy:
    return Remedy(
        "the object was replaced",
        "Somebody replaced the object while it was read, so that its pieces do not belong together.",
        "Check again.",
        "The problem does not come back if nobody writes there at the same time.",
    )


def archived(case: Case) -> Remedy:
    return Remedy(
        "the object is archived",
        "The first object under the path is in an archive class. It must be restored before it can be read.",
        "Restore it, or choose a directory whose objects can be read.",
        "Your console shows the object's storage class or access tier.",
        field="path",
    )


def kms_denied(case: Case) -> Remedy:
    return Remedy(
        "denied by the encryption key",
        f"{sentence(case.grantee)} may use the {case.container}, but not the KMS key its objects are encrypted with.",
        "Grant the use of that key, for encrypting and decrypting.",
        f"Find the key with which the {case.container} {case.config.bucket} encrypts, and see who may use that key.",
    )


def retention(case: Case) -> Remedy:
    return Remedy(
        "kept unchanged by a retention policy or a hold",
        f"A retention policy of the {case.container} {case.config.bucket}, or a hold on the object, keeps objects as "
        f"they are. Until it ends, nobody can replace or delete them. More rights for {case.grantee} do not help.",
        "Choose a path without a retention policy, for example in another "
        f"{case.container}. Or end the retention policy or the hold, then check again.",
        f"Read the retention settings of the {case.container} and of the object in your cloud's console.",
        field="path",
    )


def caller_pays(case: Case) -> Remedy:
    return Remedy(
        "the caller pays",
        f"In the {case.container} {case.config.bucket} the caller pays (requester pays), but {case.grantee} can't be "
        "billed.",
        f"Use credentials of an account that can be billed, or switch requester pays off for the {case.container}.",
        f"The settings of the {case.container} show who pays.",
    )


def cannot_assume_role(case: Case) -> Remedy:
    return Remedy(
        "cannot assume the role",
        f"The cloud does not let this platform act as {case.config.principal}.",
        "Let this platform do so.",
        "Read who may.",
    )


def no_principal(case: Case) -> Remedy:
    return Remedy(
        "the platform has no AWS identity",
        "This installation has no valid AWS credentials. It needs them to assume a role.",
        f"{OPERATOR} to provide them (see docs/deploy.md).",
        "The operator can ask AWS for this server's identity, in the environment of the workers.",
        "aws sts get-caller-identity",
    )


def clock_skew(case: Case) -> Remedy:
    return Remedy(
        "clocks differ",
        "The clocks of this server and the cloud differ too much, so signatures are refused.",
        f"{OPERATOR} to synchronise its clock.",
        "On the server, compare its clock with the cloud's: they may differ by a few minutes at most.",
        f"date -u && curl -sI {shell(case.address)} | grep -i '^date:'",
    )


def redirected(case: Case) -> Remedy:
    return Remedy(
        "redirected elsewhere",
        "The endpoint redirects requests to another address. This platform does not follow redirects, "
        "so that credentials are never sent elsewhere.",
        "Enter the final address of the storage, in the right region.",
        "Send a request to the address. Its answer contains the other address.",
        _curl(case),
        field=case.words.address_field or case.words.region_field,
    )


def address_blocked(case: Case) -> Remedy:
    return Remedy(
        "private address",
        "The endpoint's host is in a private network. For users, this installation does not connect to such networks.",
        "Use a public endpoint, or ask the operator to allow the host in LIGHTLY_ALLOWED_PRIVATE_HOSTS.",
        "Look up the host's address. It is in a private network.",
        f"nslookup {shell(case.host)}",
        field=case.words.address_field,
    )


def unreachable(case: Case) -> Remedy:
    return Remedy(
        "host not reachable",
        "The host does not exist, refuses connections or closes them: a typo, a firewall, or an outage.",
        "Check the spelling of account and endpoint, and that this server may connect to it.",
        "Look up the host and send it a request, from this server's network and from yours.",
        f"nslookup {shell(case.host)}\n{_curl(case)}",
        field=case.words.address_field,
    )


def tls(case: Case) -> Remedy:
    name, port = shell(case.host), urlsplit(case.address).port or 443
    return Remedy(
        "no trusted TLS connection",
        "The server's certificate is not for this name, has expired, or was not made by a known authority.",
        "Enter the address for which the certificate was made, or have the certificate replaced.",
        "Look at the certificate: its name, its issuer, and its expiry date.",
        f"openssl s_client -connect {name}:{port} -servername {name} </dev/null | "
        "openssl x509 -noout -subject -issuer -dates",
        field=case.words.address_field,
    )


def throttled(case: Case) -> Remedy:
    return Remedy(
        "the cloud is throttling",
        "The storage says that it gets too many requests or is busy.",
        "Check again in a minute.",
        "Your cloud's metrics show how many requests there were, and how many were throttled.",
    )


def server_error(case: Case) -> Remedy:
    return Remedy(
        "the cloud has an error",
        "The storage has an internal error.",
        "Check again in a minute.",
        "Your cloud's status page shows outages.",
    )


def timeout(case: Case) -> Remedy:
    return Remedy(
        f"no answer within {case.deadline_seconds:g} s",
        "The host did not answer the connection or the request in time: a firewall that drops "
        "packets, a wrong address, or a slow network.",
        "Check the address and that this server may connect to it, then check again.",
        "Send the host a request from this server's network. It must answer within a second or two.",
        _curl(case),
        field=case.words.address_field,
    )


def hidden(case: Case) -> Remedy:
    if case.failure.detail == OWN_OBJECT:
        return own_object(case)
    return Remedy(
        "can't be told from here",
        "The cloud answers “denied” for every object that does not exist, and no object was found to test with. "
        "So reading may be allowed or not.",
        f"Allow listing, and make sure that there is a file in {case.config.path}. Then check again.",
        "Read a file that exists: this is either allowed or refused.",
    )


def unknown(case: Case) -> Remedy:
    code = case.failure.code
    if code == TOO_LARGE:
        return Remedy(
            "the answer is too large",
            "The server sent more than was asked for, which no storage does. The answer was not read to its end.",
            "Look whether the address is that of the storage itself, and ask its operator.",
            "Do the same with your cloud's own tool: it shows what comes.",
        )
    return Remedy(
        f"unexpected answer{f': {code}' if code else ''}",
        "The cloud gave an answer that this platform does not know.",
        "Check again. If the problem stays, report the code to the operator of this installation.",
        "Do the same with your cloud's own tool. It may say more.",
    )


def _curl(case: Case) -> str:
    return f"curl -sSI --max-time 10 {shell(case.address)}"


REMEDIES = {
    Cause.DENIED: denied,
    Cause.EXPLICIT_DENY: explicit_deny,
    Cause.NETWORK_RULES: network_rules,
    Cause.UNKNOWN_KEY: unknown_key,
    Cause.WRONG_SECRET: wrong_secret,
    Cause.EXPIRED: expired,
    Cause.NOT_YET_VALID: not_yet_valid,
    Cause.CREDENTIAL_REFUSED: credential_refused,
    Cause.MALFORMED_CREDENTIAL: malformed_credential,
    Cause.WRONG_REGION: wrong_region,
    Cause.NO_BUCKET: no_bucket,
    Cause.NO_OBJECT: no_object,
    Cause.ALREADY_EXISTS: already_exists,
    Cause.CHANGED: changed,
    Cause.ARCHIVED: archived,
    Cause.KMS_DENIED: kms_denied,
    Cause.RETENTION: retention,
    Cause.CALLER_PAYS: caller_pays,
    Cause.CANNOT_ASSUME_ROLE: cannot_assume_role,
    Cause.NO_PRINCIPAL: no_principal,
    Cause.CLOCK_SKEW: clock_skew,
    Cause.REDIRECTED: redirected,
    Cause.ADDRESS_BLOCKED: address_blocked,
    Cause.UNREACHABLE: unreachable,
    Cause.TLS: tls,
    Cause.THROTTLED: throttled,
    Cause.SERVER_ERROR: server_error,
    Cause.TIMEOUT: timeout,
    Cause.QUOTA: quota,
    Cause.SUSPENDED: suspended,
    Cause.NOT_SUPPORTED: not_supported,
    Cause.HIDDEN: hidden,
    Cause.UNKNOWN: unknown,
}
