"""Wikipedia's summaries. The package `wikipedia` has no wheel, so nobody can say what its set-up would run."""

import json
import os
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

SECONDS = 5

# Wikimedia blocks clients that do not say who they are and how to reach whoever runs them.
# https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
CONTACT = os.environ.get("WIKIPEDIA_CONTACT", "https://github.com/OWNER/warren")


def find_article(title: str) -> dict | None:
    """Title, address, revision and first paragraph; None if there is no article of that name."""
    site = os.environ.get("WIKIPEDIA_URL", "https://en.wikipedia.org")
    url = f"{site}/api/rest_v1/page/summary/{quote(title.replace(' ', '_'), safe='')}"
    try:
        with urlopen(Request(url, headers={"User-Agent": f"WarrenExample/1.0 ({CONTACT})"}), timeout=SECONDS) as answer:
            page = json.load(answer)
    except HTTPError as error:
        # 400 is Wikipedia's answer to a name that no article can have, such as `[]`.
        if error.code in (400, 404):
            return None
        raise
    return {
        "title": page["title"],
        "url": page["content_urls"]["desktop"]["page"],
        "revision": page["revision"],
        "text": page["extract"],
    }
