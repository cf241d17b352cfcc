# Reads samconfig.toml as `sam deploy` does: what its parser refuses, or drops, would show at the first deployment only. What the
# values mean is tested in infra/tests/tests/it/deploy.rs.
#
# Run by `cargo verify --only template`, with the Python that aws-sam-cli is installed for.

import sys

from click import BadParameter
from samcli.cli.types import CfnParameterOverridesType, CfnTags
from samcli.lib.config.samconfig import SamConfig


def faults(config, environment):
    told = config.get_all(["deploy"], "parameters", environment)
    for kind, name in [(CfnParameterOverridesType(), "parameter_overrides"), (CfnTags(), "tags")]:
        try:
            read = kind.convert(tuple(told[name]), None, None)
        except BadParameter as error:
            yield f"samconfig.toml: {environment}: {name}: {error.message}"
        else:
            if len(read) != len(told[name]):
                yield f"samconfig.toml: {environment}: {name}: SAM reads {sorted(read)}"


found = [fault for environment in sys.argv[1:] for fault in faults(SamConfig(".", "samconfig.toml"), environment)]
for fault in found:
    print(fault)
sys.exit(1 if found else 0)
