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
        let keys = try FileSection<SelectionKey>(value)
        var selection = standard
        selection.names = try keys[.name]?.globs() ?? []
        selection.ids = try keys[.id]?.texts() ?? []
        if let owner = try keys[.owner]?.text() {
            selection.owner =
                switch owner {
                case "self": .selfProject
                case "any": .any
                default: .project(owner)
                }
        }
        if let visibility = keys[.visibility] {
            selection.visibility = try visibility.oneOrMore().map { value throws(TranshipError) in
                try value.choice(ImageVisibility.self)
            }
        }
        if let status = keys[.status] {
            selection.statuses = try status.oneOrMore().map { value throws(TranshipError) in
                try value.choice(among: Self.statuses)
            }
        }
        selection.tags = try keys[.tags]?.tags() ?? []
        if let properties = keys[.properties] {
            for (key, text) in try properties.textMap(emptyValues: true) {
                selection.properties[key.text] = text
            }
        }
        if let size = keys[.size] {
            let limits = try FileSection<SizeKey>(size)
            selection.sizeMinBytes = try limits[.min]?.byteCount()
            selection.sizeMaxBytes = try limits[.max]?.byteCount()
            if let min = selection.sizeMinBytes, let max = selection.sizeMaxBytes, min > max {
                throw size.refusal("`size` has a `min` above its `max`, so no image can match")
            }
        }
        if let after = keys[.updatedAfter] { selection.updatedAfter = try updatedAfter(after) }
        if let hidden = keys[.hidden] {
            selection.hidden =
                switch try hidden.choice(among: ["any", "true", "false"]) {
                case "any": .any
                case let text: .only(text == "true")
                }
        }
        if let snapshots = keys[.snapshots] {
            selection.snapshots = try snapshots.choice(ImageSelection.Snapshots.self)
        }
        return selection
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
