"""Records how python-dotenv reads files of variables: `pip install python-dotenv==1.1.1`, then run this.

The cases in this file, and as many made at random, go to python-dotenv.json, which tests/unit/env-file.test.ts compares
with ops/env-file/reader.ts.
"""

import io
import json
import logging
import os
import random
from pathlib import Path

from dotenv.main import DotEnv

CASES = [
    "URI=https://u:geh#eim@host\n",
    "URI=https://u:geh #eim@host\n",
    "A=#c\nB= # c\nC=\n",
    "A='1' # c\nB=\"2\"#c\nC='3' x\nD=4\n",
    'A="1\nB=2\n',
    "A='two\r\nlines'\r\nB=2\r\n",
    "A=\n'old'\nB=2\n",
    "A: 1\nB:\nC : 2\n",
    "export A=1\nexport  B = 2\nexport\nexport =3\n",
    "'A'=1\n'B' = 2\n",
    "A\nB=1\nB\n",
    "A=1\nA=2\n",
    "B=b\nA=s3://${B}/x\nC='${B}'\nD=${X}-${X:-y}-$B\n",
    r"A='\n\\\''" + "\n" + r'B="\n\\\"\t\x"' + "\n",
    "A=`1 2`\n",
    "\ufeffA=1\nB=2\n",
    "A=\u00a01\u2003\nB=\x851\x1c\n",
    "=1\n#A=1\n # A=1\n",
]

UNITS = list("ab=:'\"`#\\ \n\r\t${}-") + ["export ", "\r\n", "A=", "B=", "${A}", "${B:-x}", " #", "\ufeff", "\x85", "é"]


def read(text: str) -> dict:
    # As `open` does with a file.
    stream = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    values = DotEnv(None, stream=stream, interpolate=True, override=False).dict()
    return {name: value for name, value in values.items() if value is not None}


os.environ.clear()
logging.disable(logging.CRITICAL)
random.seed(1)
texts = CASES + ["".join(random.choices(UNITS, k=random.randint(3, 14))) for _ in range(300)]
# What sets nothing says little.
recorded = [[text, read(text)] for text in texts if text in CASES or read(text)]
Path(__file__).with_name("python-dotenv.json").write_text(json.dumps(recorded) + "\n")
