# SPDX-License-Identifier: MIT
# Arguments, environment, input, files, and an exit code.
import hashlib
import json
import os
import sys

print(sys.version.split()[0])
print(sys.argv)
print(os.environ["GREETING"])
print(input())
with open("/data/in.json") as file:
    ships = sorted(json.load(file)["ships"])
print(ships)
text = "".join(str(i) for i in range(20000))
print(hashlib.md5(text.encode()).hexdigest())
with open("/data/out.json", "w") as file:
    json.dump({"sorted": ships}, file)
sys.exit(5)
