//! What may be asked of devices and uploads.

use query::{Field, FieldId, Fields, Filter, Kind as Of, Source, Test, Value, ValueRef};
use store::Id;

use super::model::{Device, Upload};

/// The address of a device.
pub(super) const HOST_IP: FieldId = FieldId(1);
/// The number of its technology.
pub(super) const TECHNOLOGY: FieldId = FieldId(2);
/// When it was registered.
pub(super) const REQUESTED: FieldId = FieldId(3);
/// From when on it takes uploads.
pub(super) const CONFIRMED: FieldId = FieldId(4);
/// Its asset.
pub(super) const ASSET: FieldId = FieldId(5);
/// How many uploads there were.
pub(super) const UPLOADS_COUNT: FieldId = FieldId(6);

pub(super) static DEVICES: Fields<Device> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id),
        Field::new(Of::Address, Source::Read(|device: &Device, out| out(ValueRef::Address(device.host_ip)))),
        Field::new(
            Of::Integer,
            Source::Read(|device: &Device, out| out(ValueRef::Integer(device.technology.into()))),
        ),
        Field::new(Of::Date, Source::Read(|device: &Device, out| out(ValueRef::date(device.requested)))),
        Field::new(Of::Date, Source::Read(|device: &Device, out| out(ValueRef::date(device.confirmed)))),
        Field::new(
            Of::Integer,
            Source::Read(|device: &Device, out| out(ValueRef::Integer(device.asset.get().into()))),
        ),
        Field::new(
            Of::Integer,
            Source::Read(|device: &Device, out| out(ValueRef::Integer(device.uploads.into()))),
        ),
    ],
    lists: &[],
};

/// The device of an upload.
const DEVICE: FieldId = FieldId(1);

pub(super) static UPLOADS: Fields<Upload> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id),
        Field::new(
            Of::Integer,
            Source::Read(|upload: &Upload, out| out(ValueRef::Integer(upload.device.get().into()))),
        ),
    ],
    lists: &[],
};

/// The uploads of a device.
pub(super) fn uploads_of(device: Id<Device>) -> Filter {
    Filter::Field(DEVICE, Test::Equals(Value::Integer(device.get().into())))
}
