//! Schema documents for what the server answers (contract/qps.md 8, 9 and 15).

use std::fmt::Write as _;

use crate::ResponseCode;

/// The schema of a `ServiceResponse` whose `data` holds any number of `object`s.
///
/// `object_types` is the area's own part: the `xs:complexType` called `object`, and whatever it uses. The names
/// `ResponseCode`, `ResponseErrorDetails` and `ResponseData` are taken.
pub fn envelope(object: &str, object_types: &str) -> String {
    envelope_of(&[object], object_types)
}

/// Like [`envelope`], with the `ServiceRequest` whose `data` holds one `object`: for types that say what requests may hold,
/// too (contract/was.md 4.2 has such a schema).
pub fn envelope_with_request(object: &str, object_types: &str) -> String {
    let request = REQUEST.replace("OBJECT", object);
    envelope(object, &format!("{request}{object_types}"))
}

/// What a request is, apart from its object.
const REQUEST: &str = r#"  <xs:element name="ServiceRequest">
    <xs:complexType>
      <xs:all>
        <xs:element name="filters" type="ServiceRequestFilters" minOccurs="0"/>
        <xs:element name="preferences" type="ServiceRequestPreferences" minOccurs="0"/>
        <xs:element name="data" type="ServiceRequestData" minOccurs="0"/>
      </xs:all>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="ServiceRequestFilters">
    <xs:sequence>
      <xs:element name="Criteria" type="Criteria" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Criteria">
    <xs:simpleContent>
      <xs:extension base="xs:string">
        <xs:attribute name="field" type="xs:string"/>
        <xs:attribute name="operator">
          <xs:simpleType>
            <xs:restriction base="xs:string">
              <xs:enumeration value="CONTAINS"/>
              <xs:enumeration value="IN"/>
              <xs:enumeration value="EQUALS"/>
              <xs:enumeration value="NOT EQUALS"/>
              <xs:enumeration value="GREATER"/>
              <xs:enumeration value="LESSER"/>
              <xs:enumeration value="NONE"/>
            </xs:restriction>
          </xs:simpleType>
        </xs:attribute>
      </xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="ServiceRequestPreferences">
    <xs:all>
      <xs:element name="startFromId" type="xs:long" minOccurs="0"/>
      <xs:element name="startFromOffset" type="xs:int" minOccurs="0"/>
      <xs:element name="limitResults" type="xs:int" minOccurs="0"/>
      <xs:element name="verbose" type="xs:boolean" minOccurs="0"/>
    </xs:all>
  </xs:complexType>
  <xs:complexType name="ServiceRequestData">
    <xs:sequence>
      <xs:element name="OBJECT" type="OBJECT" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
"#;

/// Like [`envelope`], for answers whose `data` mixes several objects, each with its own type of the same name
/// (contract/qps.md 13, contract/was.md 4.5).
pub fn envelope_of(objects: &[&str], object_types: &str) -> String {
    // Writing into memory can't fail.
    let mut elements = String::new();
    for object in objects {
        let _ = writeln!(elements, r#"      <xs:element name="{object}" type="{object}"/>"#);
    }
    let mut codes = String::new();
    for code in ResponseCode::ALL {
        let _ = writeln!(codes, r#"      <xs:enumeration value="{code}"/>"#);
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
  <xs:element name="ServiceResponse">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="responseCode" type="ResponseCode"/>
        <xs:element name="responseErrorDetails" type="ResponseErrorDetails" minOccurs="0"/>
        <xs:element name="count" type="xs:long" minOccurs="0"/>
        <xs:element name="hasMoreRecords" type="xs:boolean" minOccurs="0"/>
        <xs:element name="lastId" type="xs:long" minOccurs="0"/>
        <xs:element name="data" type="ResponseData" minOccurs="0"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
  <xs:simpleType name="ResponseCode">
    <xs:restriction base="xs:string">
{codes}    </xs:restriction>
  </xs:simpleType>
  <xs:complexType name="ResponseErrorDetails">
    <xs:sequence>
      <xs:element name="errorMessage" type="xs:string"/>
      <xs:element name="errorResolution" type="xs:string" minOccurs="0"/>
      <xs:element name="internalErrorCodeId" type="xs:int" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="ResponseData">
    <xs:choice minOccurs="0" maxOccurs="unbounded">
{elements}    </xs:choice>
  </xs:complexType>
{object_types}
</xs:schema>
"#,
        object_types = object_types.trim_end()
    )
}
