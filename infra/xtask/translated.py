# Translates template.yaml as SAM's transform does in CloudFormation, and looks at what comes of it: what refers to something that
# the transform makes, what goes round in a circle, and how much there is of it shows only there. Prints faults, and one line of
# counts. It asks nobody: what would be uploaded before is given an address that does not exist.
#
# Run by `cargo verify --only template`, with the Python that aws-sam-cli is installed for.

import collections
import json
import logging
import os
import subprocess
import sys
import tempfile

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# The transform warns of its own feature flags, function by function.
logging.disable(logging.WARNING)

# CloudFormation's limits (per template), and how near we go: decision 0036.
RESOURCES, MOST_RESOURCES = 500, 475
PARAMETERS, OUTPUTS, BYTES = 200, 200, 1_000_000


def packaged(path):
    """The template as `sam package` leaves it: code and nested stacks are in a bucket."""
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            resource["Properties"]["TemplateURL"] = "https://s3.amazonaws.com/bucket/" + resource["Properties"]["TemplateURL"]
    return template


def translated(template, **others):
    values = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()} | others
    session = boto3.session.Session(region_name="us-east-1")
    return Translator({}, Parser(), None, session).translate(template, values)


def versions(template):
    return {name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::Lambda::Version"}


def unpublished(path, template):
    """What would be deployed and reach nobody. Callers call published versions, and CloudFormation publishes one when its logical id
    is another. The first fault would be good news: then SAM looks at values, and `cargo xtask deploy` need not (decision 0045)."""
    settings = versions(translated(packaged(path), PublicUrl="https://auth.example.net", LogLevel="debug", LockAfter="4"))
    if settings != versions(template):
        yield f"{path}: SAM makes new versions for other values of parameters"
    released = packaged(path)
    variables = released["Globals"]["Function"]["Environment"]["Variables"]
    if variables.get("RELEASE") != "none":
        yield f"{path}: Globals.Function.Environment.Variables.RELEASE is not the word that `cargo xtask deploy` replaces"
    variables["RELEASE"] = "another"
    for kept in sorted(versions(translated(released)) & versions(template)):
        yield f"{path}: another RELEASE publishes no new {kept}"


def main(path):
    template = translated(packaged(path))
    text = json.dumps(template, separators=(",", ":"))
    kinds = collections.Counter(resource["Type"] for resource in template["Resources"].values())
    sizes = {
        "resources": (sum(kinds.values()), MOST_RESOURCES, RESOURCES),
        "parameters": (len(template["Parameters"]), PARAMETERS, PARAMETERS),
        "outputs": (len(template["Outputs"]), OUTPUTS, OUTPUTS),
        "bytes": (len(text), BYTES, BYTES),
    }
    print(f"{path}, translated: " + ", ".join(f"{count} {what} of {limit}" for what, (count, _, limit) in sizes.items()))
    large = [f"{path}: {count} {what}, more than {most}" for what, (count, most, _) in sizes.items() if count > most]
    faults = large + list(unpublished(path, template))
    for fault in faults:
        print(fault)
    if large:
        print(", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        lint = subprocess.run([os.path.join(os.path.dirname(sys.executable), "cfn-lint"), "--", file.name], check=False)
    return 1 if faults or lint.returncode else 0


sys.exit(main(sys.argv[1]))
