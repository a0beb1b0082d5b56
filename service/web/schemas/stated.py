"""What only the user can tell about a cluster."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from service.web.schemas.base import ApiSchema, Flag, Whole
from service.web.schemas.network import text


class StatedPartSchema(ApiSchema):
    """A part of stated facts. Open in answers; requests with unknown members are refused."""

    class Meta:
        unknown = ma.EXCLUDE


class DisruptionBudgetSchema(StatedPartSchema):
    """A PodDisruptionBudget with what it allows at the moment."""

    namespace = fields.String(required=True)
    name = fields.String(required=True)
    disruptions_allowed = Whole(validate=ma.validate.Range(min=0))


class WebhookBackendSchema(StatedPartSchema):
    """A Service that the API server calls: of a webhook configuration or an APIService."""

    kind = fields.String(required=True, metadata={"examples": ["ValidatingWebhookConfiguration"]})
    name = fields.String(required=True)
    namespace = fields.String(required=True)
    service = fields.String(required=True)
    port = Whole(metadata={"description": "443 without it.", "examples": [443]})


class HostPortSchema(StatedPartSchema):
    """A `hostPort` of a container."""

    namespace = fields.String(required=True)
    pod = fields.String(required=True)
    port = Whole(required=True, metadata={"examples": [8080]})
    protocol = text("TCP without it.", "TCP")


def texts(description: str, *examples: str) -> fields.List[str]:
    """A list of texts; an empty one says that there are none."""
    metadata = {"description": description, "examples": [list(examples)]}
    return fields.List(fields.String(), metadata=metadata)


class StatedFactsSchema(StatedPartSchema):
    """Answers to questions that neither manifests nor the cluster record answer.

    What is left out is not told; an empty list says that there are none.
    """

    EXAMPLES = (
        {
            "azureCli": "2.80.0",
            "terraform": False,
            "nodeCidrs": ["10.10.0.0/24"],
            "disruptionBudgets": [],
        },
    )

    azure_cli = text("Version of the Azure CLI that is used.", "2.80.0")
    terraform = Flag(metadata={"description": "Whether Terraform runs the cluster."})
    azurerm = text("Version of Terraform's provider.", "4.50.0")
    terraform_replaces = Flag(
        metadata={"description": "Whether `terraform plan` would replace the cluster."}
    )
    disruption_budgets = fields.List(fields.Nested(DisruptionBudgetSchema))
    webhooks = fields.List(fields.Nested(WebhookBackendSchema))
    resource_definitions = texts(
        "Names of the CustomResourceDefinitions.", "globalnetworkpolicies.crd.projectcalico.org"
    )
    config_maps = texts("namespace/name of ConfigMaps.", "kube-system/azure-ip-masq-agent-config")
    host_ports = fields.List(fields.Nested(HostPortSchema))
    node_cidrs = texts("Address ranges of the nodes' subnets.", "10.10.0.0/24")
    pod_cidrs = texts("Address ranges of pod subnets.", "10.20.0.0/16")
    vnet_cidrs = texts("Address ranges of the virtual network.", "10.0.0.0/8")
    custom_route_table = Flag(
        metadata={"description": "Whether the nodes' subnet has a route table of its own."}
    )
    windows_runtime = text("Container runtime of Windows nodes.", "containerd")
    needs_icmp = Flag(metadata={"description": "Whether pods need ICMP, such as ping."})
    plans_fqdn = Flag(metadata={"description": "Whether policies by domain name are planned."})
    plans_l7 = Flag(metadata={"description": "Whether policies by HTTP content are planned."})
    local_dns = Flag(metadata={"description": "Whether LocalDNS is switched on."})
    npm_image = text("Image of the DaemonSet azure-npm.")
    validator_output = text("What Microsoft's validator printed for this cluster.")
