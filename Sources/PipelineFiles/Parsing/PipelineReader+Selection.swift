// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension PipelineReader {
    /// Parses conditions on images. Keys that the file leaves out keep the value of `standard`.
    func selection(_ value: FileValue, from standard: ImageSelection) throws(TranshipError)
        -> ImageSelection
    {
        if value.isList {
            throw value.refusal(
                "\(value.label) must be a mapping, but this is a list",
                hint: "if these are names, write \(value.label.replacing("`", with: "")): "
                    + "{ name: […] }")
        }
        guard value.isMapping else {
            if let missing = missingSpace(in: value) { throw missing }
            try value.refuseNull()
            let key = value.label.replacing("`", with: "")
            throw value.refusal(
                "\(value.label) must be a mapping, but this is \(value.shown)",
                hint: value.shown == "\"\""
                    ? "write conditions, or remove the key"
                    : "if that is a name, write \(key): { name: \(value.shown) }")
        }
        let keys = try FileSection<SelectionKey>(value)
        var selection = standard
        selection.names = keys.read(.name) { try $0.globs() } ?? []
        selection.ids = keys.read(.id) { try $0.texts() } ?? []
        if let owner = keys.read(.owner, { try $0.text() }) {
            selection.owner =
                switch owner {
                case "self": .selfProject
                case "any": .any
                default: .project(owner)
                }
        }
        selection.visibility =
            keys.read(.visibility) { value in
                try value.each { try $0.choice(ImageVisibility.self) }
            } ?? standard.visibility
        selection.statuses =
            keys.read(.status) { value in
                try value.each { try $0.choice(among: Self.statuses) }
            } ?? standard.statuses
        selection.tags = keys.read(.tags) { try $0.tags() } ?? []
        let properties = keys.read(.properties) { try $0.textMap(emptyValues: true) }
        for property in properties ?? [] {
            selection.properties[property.key.text] = property.value
        }
        if let (min, max) = keys.read(.size, sizes) {
            selection.sizeMinBytes = min
            selection.sizeMaxBytes = max
        }
        if let after = keys.read(.updatedAfter, updatedAfter) { selection.updatedAfter = after }
        if let hidden = keys.read(.hidden, { try $0.choice(among: ["any", "true", "false"]) }) {
            selection.hidden = hidden == "any" ? .any : .only(hidden == "true")
        }
        selection.snapshots =
            keys.read(.snapshots) { try $0.choice(ImageSelection.Snapshots.self) }
            ?? standard.snapshots
        return selection
    }

    private func sizes(
        _ value: FileValue
    ) throws(TranshipError) -> (minBytes: Int64?, maxBytes: Int64?) {
        let limits = try FileSection<SizeKey>(value)
        let min = limits.read(.min) { try $0.byteCount() }
        let max = limits.read(.max) { try $0.byteCount() }
        if let min, let max, min > max {
            throw value.refusal("`size` has a `min` above its `max`, so no image can match")
        }
        return (min, max)
    }

    /// The statuses of an image in the Image service's terms.
    static let statuses = [
        "active", "deactivated", "queued", "saving", "uploading", "importing", "killed",
        "deleted", "pending_delete",
    ]

    private func updatedAfter(_ value: FileValue) throws(TranshipError)
        -> ImageSelection.UpdatedAfter
    {
        let text = try value.text()
        if let seconds = TimeSpan.parse(text) { return .span(seconds: seconds) }
        guard let moment = UTCTime.unixSeconds(text) else {
            throw value.refusal(
                "\(value.label) is \(value.shown), not a time or a time span",
                hint: "write it as 2026-01-01, 2026-01-01T12:00:00Z or 7d")
        }
        return .date(UTCTime.text(unixSeconds: moment))
    }
}
