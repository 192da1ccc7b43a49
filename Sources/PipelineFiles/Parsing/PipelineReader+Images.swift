// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses the `image` block of a url or file source.
    ///
    /// - Parameter place: the place of the name, which decides its placeholders.
    func template(
        _ value: FileValue?, fileName: FileName, place: NamePlace = .source
    ) -> ImageTemplate {
        let fields = value.flatMap { value in attempt { try imageFields(value, place) } }
        return ImageTemplate(
            name: fields?.name ?? .fileStem,
            diskFormat: fields?.diskFormat ?? fileName.impliedDiskFormat,
            containerFormat: fields?.containerFormat ?? "bare",
            minDiskGiB: fields?.minDiskGiB ?? 0, minRAMMiB: fields?.minRAMMiB ?? 0,
            tags: fields?.tags ?? [], properties: fields?.properties ?? [:],
            visibility: fields?.visibility, isProtected: fields?.isProtected,
            isHidden: fields?.isHidden)
    }

    /// Parses an `image` block without defaults.
    func imageFields(_ value: FileValue) throws(TranshipError) -> ImageFields {
        try imageFields(value, .source)
    }

    private func imageFields(
        _ value: FileValue, _ place: NamePlace
    ) throws(TranshipError) -> ImageFields {
        let keys = try FileSection<ImageKey>(value)
        return ImageFields(
            name: keys.read(.name) { try $0.nameTemplate(place) },
            diskFormat: keys.read(.diskFormat) { try $0.diskFormat() },
            containerFormat: keys.read(.containerFormat) { try $0.containerFormat() },
            minDiskGiB: keys.read(.minDisk) { try $0.integer(0...Int(Int32.max)) },
            minRAMMiB: keys.read(.minRAM) { try $0.integer(0...Int(Int32.max)) },
            tags: keys.read(.tags) { try $0.tags() },
            properties: keys.read(.properties, properties),
            visibility: keys.read(.visibility) { try $0.choice(ImageVisibility.self) },
            isProtected: keys.read(.protected) { try $0.bool() },
            isHidden: keys.read(.hidden) { try $0.bool() })
    }

    /// Parses properties to set on an image.
    func properties(_ value: FileValue) throws(TranshipError) -> [String: String] {
        var properties: [String: String] = [:]
        for (key, text) in try value.textMap(emptyValues: true) {
            _ = attempt { try refuseReserved(key) }
            properties[key.text] = text
        }
        return properties
    }

    /// Refuses property names that are fields of the record, or that the Image service or Tranship
    /// reserves. See "Image properties" in the Image service's API reference.
    func refuseReserved(_ key: FileKey) throws(TranshipError) {
        let fields: Set = [
            "id", "name", "status", "visibility", "protected", "os_hidden", "checksum",
            "os_hash_algo", "os_hash_value", "owner", "size", "virtual_size",
            "container_format", "disk_format", "created_at", "updated_at", "tags", "min_ram",
            "min_disk", "self", "file", "schema", "direct_url", "locations", "stores",
        ]
        if key.text.isEmpty || key.text.count > 255 {
            throw refusal(key.position, "a property name must have 1 to 255 characters")
        }
        if fields.contains(key.text) {
            throw refusal(
                key.position, "`\(key.text)` is a field of every image, not a property",
                hint: "write the fields that you can set beside `properties`, not inside it")
        }
        if key.text.hasPrefix("os_glance_") || key.text == "tranship_origin" {
            throw refusal(
                key.position,
                "the property `\(key.text)` is reserved for "
                    + (key.text == "tranship_origin" ? "tranship" : "the Image service"))
        }
    }
}
