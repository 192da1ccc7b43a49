// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation

extension LegacyImageStore {
    private static let limitDefault = 25
    private static let limitMax = 1000
    private static let sortKeys = [
        "name", "status", "container_format", "disk_format", "size", "id", "created_at",
        "updated_at",
    ]

    func list(_ call: LegacyCall, detailed: Bool) throws(LegacyRefusal) -> LegacyAnswer {
        let query = call.query
        guard !query.values.contains(where: { !$0.allSatisfy(\.isASCII) }) else {
            throw LegacyRefusal(500, "The server has either erred or is incapable.")
        }
        let limit = Int(query["limit"] ?? "\(Self.limitDefault)")
        guard let limit else { throw LegacyRefusal(400, "limit param must be an integer") }
        guard limit >= 0 else { throw LegacyRefusal(400, "limit param must be positive") }
        let key = query["sort_key"] ?? "created_at"
        guard Self.sortKeys.contains(key) else {
            throw LegacyRefusal(400, "Unsupported sort_key.")
        }
        let direction = query["sort_dir"] ?? "desc"
        guard ["asc", "desc"].contains(direction) else {
            throw LegacyRefusal(400, "Unsupported sort_dir.")
        }
        let conditions = try conditions(query)
        let images = state.withLock { $0.images }
        var listed = images.filter { image in conditions.allSatisfy { $0(image) } }
        listed.sort { one, other in
            let isBefore = isLess(one, other, [key, "created_at", "id"])
            return direction == "asc" ? isBefore : !isBefore && one.id != other.id
        }
        if let marker = query["marker"] {
            guard UUID(uuidString: marker) != nil else {
                throw LegacyRefusal(400, "Invalid marker format")
            }
            guard let place = listed.firstIndex(where: { $0.id == marker }) else {
                throw LegacyRefusal(400, "Invalid marker. Image could not be found.")
            }
            listed.removeFirst(place + 1)
        }
        let page = listed.prefix(min(limit, Self.limitMax))
        return .json(["images": .array(page.map { detailed ? $0.record : $0.summary })])
    }

    private func isLess(
        _ one: LegacyStoredImage, _ other: LegacyStoredImage, _ keys: [String]
    ) -> Bool {
        for key in keys {
            if let first = one.fields[key]?.integer, let second = other.fields[key]?.integer {
                if first != second { return first < second }
                continue
            }
            let (first, second) = (one.fields[key]?.string ?? "", other.fields[key]?.string ?? "")
            if first != second { return first < second }
        }
        return false
    }

    private func conditions(
        _ query: [String: String]
    ) throws(LegacyRefusal) -> [(LegacyStoredImage) -> Bool] {
        var conditions: [(LegacyStoredImage) -> Bool] = []
        for (name, value) in query {
            if name.hasPrefix("property-") {
                let key = String(name.dropFirst("property-".count))
                conditions.append { $0.properties[key] == .string(value) }
                continue
            }
            switch name {
            case "name", "status", "disk_format", "container_format":
                conditions.append { $0.fields[name]?.string == value }
            case "size_min", "size_max", "min_ram", "min_disk":
                let number = try number(name, value)
                conditions.append { image in
                    switch name {
                    case "size_min": image.fields["size"]?.integer ?? 0 >= number
                    case "size_max": image.fields["size"]?.integer ?? 0 <= number
                    // Despite their names, these test for equality.
                    default: image.fields[name]?.integer == number
                    }
                }
            case "protected":
                guard let wanted = flag(value) else { throw badValue(name, value) }
                conditions.append { $0.fields["protected"]?.bool == wanted }
            case "changes-since":
                guard let since = normalised(value) else {
                    throw LegacyRefusal(400, "Unrecognized changes-since value")
                }
                conditions.append { $0.fields["updated_at"]?.string ?? "" > since }
            default: continue
            }
        }
        if query["changes-since"] == nil { conditions.append { !$0.isDeleted } }
        let publicity = query["is_public"] ?? "True"
        if publicity.lowercased() != "none" {
            guard let wanted = flag(publicity) else { throw badValue("is_public", publicity) }
            conditions.append { $0.fields["is_public"]?.bool == wanted }
        }
        return conditions
    }

    /// Returns a time in the format of the images, in which texts compare as times do.
    private func normalised(_ text: String) -> String? {
        var text = text
        if text.hasSuffix("Z") { text.removeLast() }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isTime = (try? Date.ISO8601FormatStyle().parse("\(parts[0])Z")) != nil
        guard isTime, parts.count <= 2 else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        return parts[0] + "." + fraction.padding(toLength: 6, withPad: "0", startingAt: 0)
    }

    private func number(_ name: String, _ value: String) throws(LegacyRefusal) -> Int64 {
        guard let number = Int64(value), number >= 0 else { throw badValue(name, value) }
        return number
    }

    private func flag(_ value: String) -> Bool? {
        switch value.lowercased() {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    private func badValue(_ name: String, _ value: String) -> LegacyRefusal {
        LegacyRefusal(400, "Bad value passed to filter \(name) got \(value)")
    }
}
