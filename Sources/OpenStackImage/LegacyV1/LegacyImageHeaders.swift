// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Metadata as header fields: `x-image-meta-<field>` and
/// `x-image-meta-property-<name>`.
enum LegacyImageHeaders {
    static let prefix = "x-image-meta-"
    static let sizeField = "x-image-meta-size"
    static let propertyPrefix = "x-image-meta-property-"

    /// Reads an image from header fields. Nil without an id: then the headers do not come from a v1
    /// service.
    ///
    /// A proxy may have changed underscores to hyphens. The service reads both as underscores.
    static func image(_ headers: HTTPHeaders) -> LegacyImage? {
        var record: [String: JSONValue] = [:]
        var properties: [String: String] = [:]
        for field in headers.fields {
            let name = field.name.lowercased()
            if name.hasPrefix(propertyPrefix) {
                properties[underscored(name.dropFirst(propertyPrefix.count))] = field.value
            } else if name.hasPrefix(prefix), !field.value.isEmpty {
                record[underscored(name.dropFirst(prefix.count))] = .string(field.value)
            }
        }
        guard OutsideID.read(record["id"]?.string) != nil else { return nil }
        record["properties"] = .object(properties.mapValues(JSONValue.string))
        return LegacyImage(record: record)
    }

    /// Returns the header fields for these values. Writes names with hyphens: many proxies silently
    /// drop names with underscores.
    ///
    /// - Throws: ``TranshipError/Code/usage`` for a property whose name is not a valid header name,
    ///   or a value that would change on its way.
    static func fields(_ fields: LegacyImageFields) throws(TranshipError) -> HTTPHeaders {
        var headers = HTTPHeaders()
        func add(_ field: String, _ value: String?) throws(TranshipError) {
            guard let value else { return }
            headers.add(prefix + field, try transportable(value, of: field))
        }
        try add("id", fields.id)
        try add("name", fields.name)
        try add("disk-format", fields.diskFormat)
        try add("container-format", fields.containerFormat)
        try add("owner", fields.ownerID)
        try add("is-public", fields.isPublic.map { $0 ? "True" : "False" })
        try add("protected", fields.isProtected.map { $0 ? "True" : "False" })
        try add("min-disk", fields.minDiskGiB.map(String.init))
        try add("min-ram", fields.minRAMMiB.map(String.init))
        try add("size", fields.sizeBytes.map(String.init))
        try add("virtual-size", fields.virtualSizeBytes.map(String.init))
        try add("checksum", fields.checksum?.value)
        try add("store", fields.store)
        for (name, value) in fields.properties.sorted(by: { $0.key < $1.key }) {
            guard isFieldName(name) else {
                throw TranshipError(
                    .usage, "API v1 cannot hold a property named \"\(name)\"",
                    hint: "use only letters, digits, hyphens, dots and underscores")
            }
            headers.add(
                propertyPrefix + name.replacing("_", with: "-"), try transportable(value, of: name))
        }
        return headers
    }

    private static func transportable(
        _ value: String, of field: String
    ) throws(TranshipError) -> String {
        let isBlank: (Character?) -> Bool = { $0 == " " || $0 == "\t" }
        let isPlain = !value.unicodeScalars.contains { $0.value < 0x20 && $0 != "\t" }
        guard isPlain, !isBlank(value.first), !isBlank(value.last) else {
            throw TranshipError(
                .usage,
                "the value of \"\(field)\" contains a line break or control character, or starts "
                    + "or ends with a blank; API v1 cannot send it in a header field",
                hint: "remove it; API v1 has no way to quote it")
        }
        return value
    }

    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    private static func underscored(_ text: Substring) -> String {
        String(text.replacing("-", with: "_"))
    }
}
