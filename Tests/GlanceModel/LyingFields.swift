// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// The lies of a ``Liar`` within a record or a list.
enum LyingFields {
    /// The fields that affect decisions. Others are changed as well, but less often.
    private static let telling: Set<String> = [
        "id", "status", "size", "checksum", "os_hash_algo", "os_hash_value", "name", "visibility",
        "protected", "os_hidden", "owner", "disk_format", "created_at", "updated_at", "stores",
        "tranship_origin", "os_glance_importing_to_stores", "os_glance_failed_import", "kernel_id",
        "min_disk", "min_ram", "message", "type", "expires_at", "issued_at", "project", "value",
        "member_id", "tags",
    ]
    /// The names of the lists in answers.
    private static let lists = ["images", "tasks", "members", "stores"]

    /// Changes a body; does nothing if the body is not JSON, or has no field to change.
    static func change(_ lie: Liar.Lie, _ said: inout HTTPResponse, _ chance: inout Chance) {
        guard let value = JSONValue(text: said.body) else { return }
        said.body = changed(value, lie, &chance).text
    }

    private static func changed(
        _ value: JSONValue, _ lie: Liar.Lie, _ chance: inout Chance
    ) -> JSONValue {
        guard case .object(var object) = value else { return value }
        for key in lists {
            guard var items = object[key]?.array else { continue }
            switch lie {
            case .listReversed: items.reverse()
            case .listRepeated: items += items
            case .listEmpty: items = []
            default:
                let isEach = chance.happens(0.3)
                let index = items.isEmpty ? 0 : chance.below(items.count)
                for place in items.indices where isEach || place == index {
                    items[place] = changed(items[place], lie, &chance)
                }
            }
            object[key] = .array(items)
            return .object(object)
        }
        for key in ["token", "import-methods", "project", "user"] where chance.happens(0.7) {
            guard let inner = object[key]?.object else { continue }
            object[key] = changed(.object(inner), lie, &chance)
            return .object(object)
        }
        change(lie, &object, &chance)
        return .object(object)
    }

    private static func change(
        _ lie: Liar.Lie, _ object: inout [String: JSONValue], _ chance: inout Chance
    ) {
        let keys = object.keys.sorted()
        let likely = keys.filter(telling.contains)
        guard !keys.isEmpty else { return }
        let key = !likely.isEmpty && chance.happens(0.8) ? chance.pick(likely) : chance.pick(keys)
        switch lie {
        case .fieldDropped: object[key] = nil
        case .digestsDropped:
            for key in ["checksum", "os_hash_algo", "os_hash_value"] { object[key] = nil }
        case .fieldsDropped:
            for key in keys where chance.happens(0.5) { object[key] = nil }
        case .fieldRetyped: object[key] = chance.pick(others(object[key] ?? .null))
        case .fieldNumber:
            // Sizes are added, reserved and compared; the other numbers are only shown.
            let numeric = ["size", "size", "size", "min_disk", "min_ram", "virtual_size"]
                .filter(keys.contains)
            object[numeric.isEmpty ? key : chance.pick(numeric)] = chance.pick(numbers)
        case .fieldLong:
            object[key] = .string(
                String(repeating: "long ", count: chance.pick([60, 3000, 40_000])))
        case .fieldOdd: object[key] = .string(chance.pick(texts))
        case .fieldWord: changeWord(&object, key, &chance)
        case .fieldSwapped:
            let other = chance.pick(keys)
            (object[key], object[other]) = (object[other], object[key])
        case .wrongID:
            guard let id = object["id"]?.string, let last = id.last else { return }
            object["id"] = .string(id.dropLast() + (last == "0" ? "1" : "0"))
        default: break
        }
    }

    /// Changes a field to another possible value.
    private static func changeWord(
        _ object: inout [String: JSONValue], _ key: String, _ chance: inout Chance
    ) {
        let words = [
            "status": [
                "queued", "saving", "uploading", "importing", "active", "deactivated", "killed",
                "deleted", "pending_delete", "success", "failure", "processing", "pending",
                "ACTIVE",
                "thinking",
            ],
            "visibility": ["public", "private", "shared", "community", "secret"],
            "os_hash_algo": ["md5", "sha1", "sha256", "sha512", "blake2b", "SHA512"],
            "disk_format": ["raw", "qcow2", "vmdk", "iso", "aki", "gold"],
        ]
        let known = words.keys.sorted().filter { object[$0] != nil }
        if !known.isEmpty, chance.happens(0.7) {
            let key = chance.pick(known)
            object[key] = .string(chance.pick(words[key] ?? [""]))
        } else if let flag = object[key]?.bool {
            object[key] = .bool(!flag)
        } else if let text = object[key]?.string, let first = text.first {
            object[key] = .string((first == "a" ? "b" : "a") + text.dropFirst())
        }
    }

    private static func others(_ value: JSONValue) -> [JSONValue] {
        [
            .null, true, false, 0, -1, "", "0", [], [:], [value], [value, value], ["x": value],
            .number(0.5), .integer(.max),
        ]
    }

    private static let numbers: [JSONValue] = [
        -1, 0, 1, .integer(.max), .integer(.max - 1), .integer(.min), .integer(1 << 53),
        .integer(1 << 53 + 1), .integer(1 << 62), .number(1e300), .number(-1e300), .number(0.5),
        .number(9.3e18), 4_294_967_296, 1_099_511_627_776,
    ]

    private static let texts = [
        "", " ", "\u{0}", "\u{1B}[31mred", "\u{1B}]52;c;ZXZpbA==\u{7}", "a\nb\r\nc", "\u{202E}gpj",
        "\u{2028}", "../../etc/passwd", "%s%n", "'; DROP TABLE transfer; --", "\u{FFFF}",
        "e\u{301}\u{301}\u{301}", "0000-00-00T00:00:00Z", "99999-12-31T23:59:59Z",
        "-292277022657-01-27T08:29:52Z", "2026-11-21T00:00:00+99:99", "null", "true",
        "http://u:p@elsewhere/", String(repeating: "f", count: 128),
    ]
}
