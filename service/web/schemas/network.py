"""The network half of a cluster record, in the words of `az aks show`."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from service.web.schemas.base import ApiSchema, Flag, Whole


class RecordPartSchema(ApiSchema):
    """A part of a cluster record. Open in answers; requests with unknown members are refused."""

    class Meta:
        unknown = ma.EXCLUDE


def text(description: str = "", example: str = "") -> fields.String:
    """A text that may be left out."""
    metadata: dict[str, object] = {"description": description} if description else {}
    if example:
        metadata["examples"] = [example]
    return fields.String(metadata=metadata)


class ObservabilityProfileSchema(RecordPartSchema):
    """`advancedNetworking.observability`."""

    enabled = Flag()


class NetworkSecurityProfileSchema(RecordPartSchema):
    """`advancedNetworking.security`."""

    enabled = Flag()
    advanced_network_policies = text("`None`, `FQDN` or `L7`.", "FQDN")


class AdvancedNetworkingSchema(RecordPartSchema):
    """Advanced Container Networking Services."""

    enabled = Flag()
    observability = fields.Nested(ObservabilityProfileSchema)
    security = fields.Nested(NetworkSecurityProfileSchema)


class NetworkProfileSchema(RecordPartSchema):
    """Plugin, addressing and data plane."""

    EXAMPLES = (
        {
            "networkPlugin": "azure",
            "networkPluginMode": "overlay",
            "networkPolicy": "azure",
            "networkDataplane": "azure",
            "podCidrs": ["10.244.0.0/16"],
        },
    )

    network_plugin = text("`azure`, `kubenet` or `none`.", "azure")
    network_plugin_mode = text("`overlay`, or not told.", "overlay")
    network_policy = text("`none`, `azure`, `calico` or `cilium`.", "azure")
    network_dataplane = text("`azure` or `cilium`.", "azure")
    network_mode = text("`transparent` or `bridge`, of old clusters.")
    ip_families = fields.List(
        fields.String(), metadata={"description": "`IPv4`, `IPv6`.", "examples": [["IPv4"]]}
    )
    pod_cidrs = fields.List(fields.String(), metadata={"examples": [["10.244.0.0/16"]]})
    service_cidrs = fields.List(fields.String(), metadata={"examples": [["10.0.0.0/16"]]})
    dns_service_ip = text("Address of the DNS service.", "10.0.0.10")
    outbound_type = text(example="loadBalancer")
    load_balancer_sku = text(example="standard")
    advanced_networking = fields.Nested(AdvancedNetworkingSchema)


class UpgradeSettingsSchema(RecordPartSchema):
    """How nodes of a pool are replaced."""

    max_surge = text(example="33%")
    max_unavailable = text(example="1")
    drain_timeout_in_minutes = Whole(validate=ma.validate.Range(min=0))
    undrainable_node_behavior = text(example="Cordon")


class LocalDnsProfileSchema(RecordPartSchema):
    """`localDNSProfile` of a pool."""

    mode = text(example="Preferred")
    state = text(example="Disabled")


class NodePoolSchema(RecordPartSchema):
    """A pool of nodes, an element of `agentPoolProfiles`."""

    EXAMPLES = ({"name": "nodepool1", "osType": "Linux", "count": 3},)

    name = fields.String(required=True)
    os_type = text("`Linux` or `Windows`.", "Linux")
    os_sku = text(example="Ubuntu")
    mode = text("`System` or `User`.", "System")
    vm_size = text(example="Standard_D4s_v5")
    count = Whole(validate=ma.validate.Range(min=0))
    min_count = Whole(validate=ma.validate.Range(min=0))
    max_count = Whole(validate=ma.validate.Range(min=0))
    enable_auto_scaling = Flag()
    max_pods = Whole(validate=ma.validate.Range(min=0))
    orchestrator_version = text(example="1.33")
    current_orchestrator_version = text(example="1.33.5")
    node_image_version = text()
    vnet_subnet_id = text("Azure id of the nodes' subnet.")
    pod_subnet_id = text("Azure id of the pods' subnet.")
    pod_ip_allocation_mode = text(example="DynamicIndividual")
    upgrade_settings = fields.Nested(UpgradeSettingsSchema)
    local_dns_profile = fields.Nested(LocalDnsProfileSchema)


class SkuSchema(RecordPartSchema):
    """Kind and price level of a managed cluster."""

    name = text("`Base` or `Automatic`.", "Base")
    tier = text("`Free`, `Standard` or `Premium`.", "Standard")
