// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Create, list, change and delete records.
extension GlanceModel {
    /// The fields that only the service sets; clients get 403.
    private static let readOnly: Set<String> = [
        "checksum", "created_at", "direct_url", "file", "id", "os_hash_algo", "os_hash_value",
        "schema", "self", "size", "status", "stores", "updated_at", "virtual_size",
    ]
    private static let base: Set<String> = readOnly.union([
        "container_format", "disk_format", "locations", "min_disk", "min_ram", "name",
        "os_hidden", "owner", "protected", "tags", "visibility",
    ])
    private static let visibilities: Set<String> = ["public", "private", "shared", "community"]

    /// Returns the refusal of a field's value; nil if the value is allowed.
    private func refusal(
        _ key: String, _ value: JSONValue, _ caller: Caller
    ) -> HTTPResponse? {
        if Self.readOnly.contains(key) {
            return .refusal(403, "Attribute '\(key)' is read-only.")
        }
        if key.hasPrefix("os_glance") {
            return .refusal(403, "Attribute '\(key)' is reserved.")
        }
        switch key {
        case "name":
            guard value == .null || (value.string.map { $0.unicodeScalars.count <= 255 } ?? false)
            else { return .refusal(400, "name is too long") }
        case "visibility":
            guard let visibility = value.string, Self.visibilities.contains(visibility) else {
                return .refusal(400, "'visibility' is not one of \(Self.visibilities)")
            }
            guard visibility != "public" || caller.isAdmin || settings.allowsPublic else {
                return .refusal(403, "You are not authorized to publicize_image")
            }
        case "owner":
            guard caller.isAdmin || value.string == caller.project else {
                return .refusal(403, "You are not permitted to set owner")
            }
        case "protected", "os_hidden":
            guard value.bool != nil else { return .refusal(400, "\(key) is not a boolean") }
        case "min_disk", "min_ram":
            guard let number = value.integer, number >= 0 else {
                return .refusal(400, "\(key) is not a number")
            }
        case "tags":
            guard let tags = value.array, tags.allSatisfy({ $0.string != nil }) else {
                return .refusal(400, "tags are not texts")
            }
            guard tags.count <= settings.tagsMax else {
                return .refusal(413, "The limit has been exceeded on the number of image tags.")
            }
        case "disk_format", "container_format", "kernel_id", "ramdisk_id":
            guard value == .null || value.string != nil else { return .refusal(400, key) }
        default:
            guard value.string != nil else {
                return .refusal(400, "\(key) is not of type 'string'")
            }
        }
        return nil
    }

    private func isOverLimit(_ fields: [String: JSONValue]) -> HTTPResponse? {
        let count = fields.keys.count { !Self.base.contains($0) }
        guard count > settings.propertiesMax else { return nil }
        return .refusal(
            413,
            "The limit has been exceeded on the number of allowed image properties. "
                + "Attempted: \(count), Maximum: \(settings.propertiesMax)")
    }

    mutating func create(_ request: ModelRequest, _ caller: Caller) -> HTTPResponse {
        guard var given = request.json?.object else { return .refusal(400, "Malformed JSON") }
        let id =
            given["id"]?.string
            ?? "0dd00000-0000-4000-8000-\(String(100_000_000_000 + next()))"
        given["id"] = nil
        guard Self.isUUID(id) else { return .refusal(400, "'\(id)' does not match the pattern") }
        for (key, value) in given {
            if let refusal = refusal(key, value, caller) { return refusal }
        }
        if let refusal = isOverLimit(given) { return refusal }
        guard images[id] == nil, !deletedIDs.contains(id) else {
            return .refusal(409, "Image ID \(id) already exists!")
        }
        var fields: [String: JSONValue] = [
            "owner": .string(caller.project), "visibility": "shared", "disk_format": nil,
            "container_format": nil,
        ]
        fields.merge(given) { $1 }
        put(id, fields)
        var response = HTTPResponse.json(201, images[id]?.shown ?? .null)
        response.headers["Location"] = "/v2/images/\(id)"
        response.headers["OpenStack-image-import-methods"] = settings.importMethods.joined(
            separator: ",")
        if settings.stores.count > 1 {
            response.headers["OpenStack-image-store-ids"] = settings.stores.joined(separator: ",")
        }
        return response
    }

    private static func isUUID(_ id: String) -> Bool {
        let groups = id.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }

    // MARK: Change and delete

    mutating func patch(
        _ image: Image, _ request: ModelRequest, _ caller: Caller
    ) -> HTTPResponse {
        let media = request.headers["Content-Type"] ?? ""
        guard media.hasPrefix("application/openstack-images-v2.") else {
            return .refusal(415, "Unexpected body type")
        }
        guard let operations = request.json?.array else {
            return .refusal(400, "Request body must be a JSON array")
        }
        var changed = image
        for operation in operations {
            guard let pointer = operation["path"]?.string, pointer.hasPrefix("/") else {
                return .refusal(400, "Invalid path")
            }
            let key = pointer.dropFirst().replacing("~1", with: "/").replacing("~0", with: "~")
            if let refusal = apply(operation, String(key), to: &changed, caller) {
                return refusal
            }
        }
        if let refusal = isOverLimit(changed.fields) { return refusal }
        images[image.id] = changed
        touch(image.id)
        // Glance 33 saves the new owner before it notices that the caller may no longer see the
        // image.
        guard changed.isVisible(to: caller) else {
            return .refusal(403, "Forbidding request, image \(image.id) not visible")
        }
        return .json(200, images[image.id]?.shown ?? .null)
    }

    private func apply(
        _ operation: JSONValue, _ key: String, to image: inout Image, _ caller: Caller
    ) -> HTTPResponse? {
        let value = operation["value"]
        switch operation["op"]?.string {
        case "remove":
            if Self.base.contains(key) {
                return .refusal(403, "Property \(key) may not be removed.")
            }
            guard image.fields[key] != nil else { return .refusal(409, "\(key) does not exist") }
            image.fields[key] = nil
            return nil
        case "replace" where !Self.base.contains(key) && image.fields[key] == nil:
            return .refusal(409, "\(key) does not exist")
        case "add", "replace":
            guard let value else { return .refusal(400, "an operation without a value") }
            if key != "owner", let refusal = refusal(key, value, caller) { return refusal }
            let isFormat = key == "disk_format" || key == "container_format"
            guard !isFormat || image.status == "queued" else {
                return .refusal(
                    403, "Attribute \(key) can be only replaced for a queued image.")
            }
            image.fields[key] = value
            return nil
        default: return .refusal(400, "an operation that does not exist")
        }
    }

    mutating func delete(_ image: Image) -> HTTPResponse {
        guard image.fields["protected"] != true else {
            return .refusal(403, "Image \(image.id) is protected and cannot be deleted.")
        }
        remove(image.id)
        return HTTPResponse(status: 204)
    }

    // MARK: Lists

    private static let sortKeys: Set<String> = [
        "name", "status", "container_format", "disk_format", "size", "id", "created_at",
        "updated_at",
    ]
    private static let noFilter: Set<String> = [
        "limit", "marker", "sort", "sort_key", "sort_dir", "visibility", "os_hidden", "tag",
        "member_status",
    ]

    func list(_ request: ModelRequest, _ caller: Caller) -> HTTPResponse {
        let visibility = request.first("visibility")
        if let visibility, visibility != "all", !Self.visibilities.contains(visibility) {
            return .refusal(400, "Invalid visibility value: \(visibility)")
        }
        let isHidden = request.first("os_hidden")?.lowercased() == "true"
        var found = images.values.filter { image in
            image.isListed(for: caller, visibility)
                && (image.fields["os_hidden"]?.bool ?? false) == isHidden
                && request.query.allSatisfy { Self.matches(image, $0.name, $0.value) }
        }
        let (key, isAscending) = Self.order(request)
        guard Self.sortKeys.contains(key) else { return .refusal(400, "Unsupported sort key") }
        found.sort { one, other in
            let (left, right) = (Self.sortText(one, key), Self.sortText(other, key))
            if left != right { return (left < right) == isAscending }
            return (one.number < other.number) == isAscending
        }
        if let marker = request.first("marker") {
            guard let image = images[marker], image.isVisible(to: caller) else {
                return .refusal(400, "Marker \(marker) could not be found")
            }
            let index = found.firstIndex { $0.id == marker }
            found = index.map { Array(found[($0 + 1)...]) } ?? []
        }
        guard let limit = Int(request.first("limit") ?? String(settings.pageDefault)), limit >= 0
        else { return .refusal(400, "limit param must be positive") }
        let page = found.prefix(min(limit, settings.pageMax))
        var body: [String: JSONValue] = [
            "images": .array(page.map(\.shown)), "first": "/v2/images",
            "schema": "/v2/schemas/images",
        ]
        // Glance links a next page after each full page, even after the last one.
        if let last = page.last, page.count == min(limit, settings.pageMax) {
            let rest = request.query.filter { $0.name != "marker" }
                .map { "\($0.name)=\(Self.encoded($0.value))&" }.joined()
            body["next"] = .string("/v2/images?\(rest)marker=\(last.id)")
        }
        return .json(200, .object(body))
    }

    private static func order(_ request: ModelRequest) -> (key: String, isAscending: Bool) {
        if let sort = request.first("sort")?.split(separator: ",").first {
            let parts = sort.split(separator: ":")
            return (String(parts[0]), parts.count > 1 && parts[1] == "asc")
        }
        return (request.first("sort_key") ?? "created_at", request.first("sort_dir") == "asc")
    }

    private static func sortText(_ image: Image, _ key: String) -> String {
        switch key {
        case "size": String(1_000_000_000_000_000 + (image.fields["size"]?.integer ?? 0))
        case "updated_at": UTCText.text(image.updatedAtMilliseconds)
        default: image.fields[key]?.string ?? ""
        }
    }

    private static func matches(_ image: Image, _ name: String, _ value: String) -> Bool {
        switch name {
        case "tag": return image.fields["tags"]?.array?.contains(.string(value)) ?? false
        case "size_min": return (image.fields["size"]?.integer ?? 0) >= Int64(value) ?? 0
        case "size_max": return (image.fields["size"]?.integer ?? 0) <= Int64(value) ?? 0
        case "protected": return image.fields["protected"]?.bool == (value == "true")
        default:
            guard !noFilter.contains(name) else { return true }
            let text = image.fields[name]?.string ?? ""
            guard value.hasPrefix("in:") else { return text == value }
            return value.dropFirst(3).split(separator: ",").contains { $0 == text }
        }
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                byte < 0x80
                && (Character(scalar).isLetter || Character(scalar).isNumber
                    || "-._~:,".unicodeScalars.contains(scalar))
            return isPlain
                ? String(scalar)
                : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
