"""A resource of ours in a stack, in the form that moto's CloudFormation wants."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

Properties = dict[str, Any]


class StackResource:
    """One resource in a stack; a subclass, which is also a CloudFormationModel, is one resource type.

    ``TYPE`` is the type, ``NAME`` the property that names a resource ("" where none does), ``REPLACING`` the
    properties whose change makes a new resource.
    """

    TYPE: ClassVar[str]
    NAME: ClassVar[str] = ""
    REPLACING: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, region: str, arn: str = "") -> None:
        self.name = name
        self.region = region
        self.arn = arn

    @classmethod
    @abstractmethod
    def make(cls, name: str, properties: Properties, region: str) -> Self:
        """Make the resource called ``name``."""

    @abstractmethod
    def change(self, properties: Properties) -> None:
        """Change it to ``properties``."""

    @abstractmethod
    def remove(self) -> None:
        """Delete it."""

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives: the name."""
        return self.name

    @classmethod
    def cloudformation_type(cls) -> str:
        """The resource type."""
        return cls.TYPE

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """The property that names the resource."""
        return cls.NAME

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whether GetAtt knows ``attr``."""
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """What GetAtt gives."""
        if attribute_name == "Arn" and self.arn:
            return self.arn
        raise UnformattedGetAttTemplateException

    def is_created(self) -> bool:
        """It is, as soon as it is there."""
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Self:
        """Make the resource."""
        return cls.make(resource_name, cloudformation_json.get("Properties", {}), region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Self,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Self:
        """Change the resource to new properties."""
        original_resource.change(cloudformation_json.get("Properties", {}))
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the resource."""
        self.remove()
