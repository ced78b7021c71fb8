"""AWS Private CA as far as a node asks it, played by openssl: the program `aws` for the PATH of the node's scripts."""

import subprocess
from pathlib import Path

AWS = """\
#!/bin/bash
set -euo pipefail
cd {folder}
declare -A given
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --*) given[${{1#--}}]=$2; shift 2 ;;
    *) words+=("$1"); shift ;;
  esac
done
[ "${{words[0]}}" = acm-pca ]
[ "${{given[certificate-authority-arn]}}" = arn:of:the:authority ]
case "${{words[*]:1}}/${{given[query]:-}}" in
  describe-certificate-authority/*SigningAlgorithm) echo SHA256WITHECDSA ;;
  issue-certificate/CertificateArn)
    [ "${{given[signing-algorithm]}}" = SHA256WITHECDSA ]
    issued=$(mktemp issued.XXXXXX)
    openssl x509 -req -in "$OLDPWD/${{given[csr]#fileb://}}" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \\
      -copy_extensions copy -out "$issued" 2>> openssl.log
    echo "$issued" ;;
  "wait certificate-issued/") [ -s "${{given[certificate-arn]}}" ] ;;
  get-certificate/Certificate) cat "${{given[certificate-arn]}}" ;;
  get-certificate/CertificateChain) cat ca.pem ;;
  *) echo "aws: what is ${{words[*]}}?" >&2; exit 2 ;;
esac
"""


def make_authority(folder: Path) -> Path:
    """Make an authority in `folder`; the folder that is to go before the PATH."""
    folder.mkdir()
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run(
        [*new, "-subj", "/CN=authority", "-keyout", folder / "ca.key", "-out", folder / "ca.pem"],
        check=True,
        capture_output=True,
    )
    programs = folder / "bin"
    programs.mkdir()
    (programs / "aws").write_text(AWS.format(folder=folder))
    (programs / "aws").chmod(0o755)
    return programs
