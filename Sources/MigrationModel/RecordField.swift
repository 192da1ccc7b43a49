// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A field of an image that a comparison may find to differ.
public enum RecordField: Hashable, Sendable {
    case name, diskFormat, containerFormat, minDisk, minRAM, tags, owner, visibility, members
    /// The answer of a project that the image is shared with.
    case answer(ofMember: String)
    case hidden, deactivated, protected, stores
    case property(String)
    case size, data
    /// The fact that an archive shows the image.
    case published

    /// The field in the words of pipeline files: `min_disk`, `properties.os_distro`. No other code
    /// words a field.
    public var words: String {
        switch self {
        case .name: "name"
        case .diskFormat: "disk_format"
        case .containerFormat: "container_format"
        case .minDisk: "min_disk"
        case .minRAM: "min_ram"
        case .tags: "tags"
        case .owner: "owner"
        case .visibility: "visibility"
        case .members: "members"
        case .answer(let memberID): Self.memberPrefix + memberID
        case .hidden: "hidden"
        case .deactivated: "deactivated"
        case .protected: "protected"
        case .stores: "stores"
        case .property(let key): Self.propertyPrefix + key
        case .size: "size"
        case .data: "data"
        case .published: "published"
        }
    }

    /// Reads the text of ``words``; nil for any other text.
    init?(words: String) {
        if words.hasPrefix(Self.memberPrefix) {
            self = .answer(ofMember: String(words.dropFirst(Self.memberPrefix.count)))
        } else if words.hasPrefix(Self.propertyPrefix) {
            self = .property(String(words.dropFirst(Self.propertyPrefix.count)))
        } else if let plain = Self.plain[words] {
            self = plain
        } else {
            return nil
        }
    }

    private static let memberPrefix = "members."
    private static let propertyPrefix = "properties."

    /// The fields without an associated value, by their words.
    private static let plain: [String: RecordField] = {
        let all: [RecordField] = [
            .name, .diskFormat, .containerFormat, .minDisk, .minRAM, .tags, .owner, .visibility,
            .members, .hidden, .deactivated, .protected, .stores, .size, .data, .published,
        ]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.words, $0) })
    }()
}

/// Encodes as ``words``.
extension RecordField: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let words = try container.decode(String.self)
        guard let field = RecordField(words: words) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no field of an image is called \(words)")
        }
        self = field
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(words)
    }
}
