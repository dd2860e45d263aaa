"""The API's methods: what each does, which scope it needs, and whether it counts against the month."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.dingtalk import media
from bot.playground.dingtalk.call import Call
from bot.playground.dingtalk.directory import OLD_METHODS, access_token, open_connection
from bot.playground.dingtalk.instances import CARD_METHODS
from bot.playground.dingtalk.robots import ROBOT_METHODS
from bot.playground.wire import JsonObject


@dataclass(frozen=True, slots=True)
class Method:
    """One method; without `token` it is called with the app's id and secret instead.

    `bare`: of the old API, its answer stands beside the `errcode`, not under `result`.
    """

    run: Callable[[Call], JsonObject]
    scope: str = ""
    token: bool = True
    counted: bool = True
    bare: bool = False


METHODS: dict[str, Method] = {
    "POST oauth2/accessToken": Method(access_token, token=False, counted=False),
    "POST gateway/connections/open": Method(open_connection, token=False, counted=False),
    **{name: Method(run, "Card.Instance.Write") for name, run in CARD_METHODS.items()},
    **{name: Method(run, "qyapi_robot_sendmsg") for name, run in ROBOT_METHODS.items()},
}
"""The new API, by verb and path without the version."""

OLD: dict[str, Method] = {
    "topapi/v2/user/getbymobile": Method(
        OLD_METHODS["topapi/v2/user/getbymobile"], "qyapi_get_member_by_mobile", counted=False
    ),
    "topapi/v2/user/get": Method(OLD_METHODS["topapi/v2/user/get"], "qyapi_get_member", counted=False),
    "media/upload": Method(media.upload, bare=True),
}
"""The old API, by path."""
