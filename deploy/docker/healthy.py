"""`python -m deploy.docker.healthy`: whether the service in this container calls itself ready."""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT = 5.0


def main() -> int:
    """0 where `/health/ready` on `SVOY_HTTP_PORT` answers 200, else 1; prints the reasons it gives."""
    connection = HTTPConnection("127.0.0.1", int(os.environ["SVOY_HTTP_PORT"]), timeout=TIMEOUT)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        print(answer.read().decode())
    except (OSError, HTTPException) as error:
        print(repr(error))
        return 1
    return 0 if answer.status == 200 else 1  # noqa: PLR2004 - OK; http.HTTPStatus would cost a slow import each time


if __name__ == "__main__":
    sys.exit(main())
