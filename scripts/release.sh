#!/usr/bin/env bash
# Called by release.yml, with VERSION and GH_TOKEN in the environment and dist/ built. Makes the tag, the release
# and last the major tag: whoever follows `v1` gets a version only when all of it is there.
set -euo pipefail

[[ "$VERSION" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "VERSION must be like 1.4.0, not '$VERSION'" >&2; exit 1; }
tag="v$VERSION"
major="v${VERSION%%.*}"
gh auth setup-git
if git ls-remote --exit-code --tags origin "$tag" > /dev/null; then
  echo "$tag exists already; releases are immutable" >&2
  exit 1
fi

git config user.name "github-actions[bot]"
git config user.email "41898282+github-actions[bot]@users.noreply.github.com"
git checkout --detach
git add --force dist
git commit --message "Release $tag"
git tag "$tag"
git push origin "refs/tags/$tag"
gh release create "$tag" --verify-tag --generate-notes --title "$tag"
git tag --force "$major" "$tag"
git push --force origin "refs/tags/$major"
