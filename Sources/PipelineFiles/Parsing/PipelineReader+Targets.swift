// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

extension PipelineReader {
    /// Parses one entry of `targets`.
    func target(_ value: FileValue) throws(TranshipError) -> Target {
        switch try kind(of: value, among: ["cloud", "archive"], "a target") {
        case "cloud": return .cloud(try cloudTarget(value))
        default:
            let keys = try FileSection<ArchiveTargetKey>(value)
            return .archive(
                ArchiveTarget(
                    path: keys.require(.archive, standIn: "") { try $0.absolutePath() },
                    rules: rules(keys), position: keys.position))
        }
    }

    private func cloudTarget(_ value: FileValue) throws(TranshipError) -> CloudTarget {
        let keys = try FileSection<CloudTargetKey>(value)
        return CloudTarget(cloud: cloudName(keys), rules: rules(keys))
    }

    private func rules(_ keys: FileSection<CloudTargetKey>) -> TargetRules {
        TargetRules(
            method: keys.read(.method) { try $0.choice(UploadMethod.self, orNil: "auto") },
            stores: keys.read(.stores, stores) ?? .standard,
            image: keys.read(.image, targetImage) ?? .standard,
            onConflict: keys.read(.onConflict) { try $0.choice(OnConflict.self) },
            keep: keys.read(.keep) { try $0.integer(0...1_000_000) },
            previous: keys.read(.previous) { try $0.choice(PreviousVersions.self) },
            expired: keys.read(.expired, expired),
            acceptTransformed: keys.read(.acceptTransformed) { try $0.bool() } ?? false,
            allStoresMustSucceed: keys.read(.allStoresMustSucceed) { try $0.bool() } ?? true,
            limitsImages: keys.read(.limits, targetLimit))
    }

    /// Reads the rules of an archive, which keeps owners and members as they are at the source.
    private func rules(_ keys: FileSection<ArchiveTargetKey>) -> TargetRules {
        let image = keys.read(.image) { (value) throws(TranshipError) in
            let image = try targetImage(value)
            for (key, isThere) in [
                ("owner", image.owner != nil), ("members", image.members != nil),
            ] where isThere {
                throw value.refusal(
                    "an archive keeps every image's \(key) as at the source, so its `image` has no "
                        + "`\(key)`", hint: "write it in the pipeline that reads the archive")
            }
            return image
        }
        return TargetRules(
            method: nil, stores: .standard, image: (image ?? .standard).keepingMembers,
            onConflict: keys.read(.onConflict) { try $0.choice(OnConflict.self) },
            keep: keys.read(.keep) { try $0.integer(0...1_000_000) },
            previous: keys.read(.previous) { try $0.choice(PreviousVersions.self) },
            expired: keys.read(.expired, expired), acceptTransformed: false,
            allStoresMustSucceed: true,
            limitsImages: keys.read(.limits, targetLimit))
    }

    private func targetLimit(_ value: FileValue) throws(TranshipError) -> Int? {
        try FileSection<TargetLimitsKey>(value).read(.images) { try $0.integer(1...1000) }
    }

    /// Parses `all`, one store or a list of stores.
    private func stores(_ value: FileValue) throws(TranshipError) -> PlannedRecord.Stores {
        let names = try value.texts()
        if !value.isList, names == ["all"] { return .all }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw value.refusal("`stores` names \"\(name)\" twice")
        }
        return .named(names)
    }

    private func expired(_ value: FileValue) throws(TranshipError) -> ExpiredVersions {
        let keys = try FileSection<ExpiredKey>(value)
        let action = keys.require(.action, standIn: .leave) { value in
            try value.choice(ExpiredVersions.Action.self)
        }
        let afterSeconds =
            action == .leave
            ? keys.read(.after) { try $0.spanSeconds() } ?? 0
            : keys.require(.after, hint: "write `after: 90d`", standIn: 0) { value in
                try value.spanSeconds()
            }
        return ExpiredVersions(action: action, afterSeconds: afterSeconds)
    }

    private func targetImage(_ value: FileValue) throws(TranshipError) -> TargetImageRules {
        let keys = try FileSection<TargetImageKey>(value)
        let standard = TargetImageRules.standard
        return TargetImageRules(
            name: keys.read(.name) { try $0.nameTemplate(.target) } ?? standard.name,
            visibility: keys.read(.visibility) { try $0.keepOr(ImageVisibility.self) } ?? .keep,
            protected: keys.read(.protected) { try $0.keepOrBool() } ?? .keep,
            hidden: keys.read(.hidden) { try $0.keepOrBool() } ?? .keep,
            keepID: keys.read(.keepID) { value in
                try value.choice(PlannedRecord.KeptID.self, orNil: "false")
            },
            owner: keys.read(.owner, owners),
            members: keys.read(.members) { try $0.choice(MemberRule.self) },
            properties: keys.read(.properties, propertyRules) ?? PropertyRules(),
            tags: keys.read(.tags, tagRules) ?? TagRules())
    }

    private func owners(_ value: FileValue) throws(TranshipError) -> OwnerMap {
        if !value.isMapping, !value.isList, try value.text() == "projects" {
            return OwnerMap(projects: [:], rest: nil, isProjectTable: true)
        }
        var projects: [String: String] = [:]
        for (key, project) in try value.textMap(emptyValues: false) {
            projects[key.text] = project
        }
        guard try !value.entries().isEmpty else {
            throw value.refusal("`owner` maps no project", hint: "remove the key instead")
        }
        let rest = projects.removeValue(forKey: "*")
        return OwnerMap(projects: projects, rest: rest)
    }

    private func propertyRules(_ value: FileValue) throws(TranshipError) -> PropertyRules {
        let keys = try FileSection<PropertyRulesKey>(value)
        var rules = PropertyRules()
        rules.set = keys.read(.set, properties) ?? rules.set
        rules.drop = keys.read(.drop) { try $0.globs(emptyAllowed: true) } ?? []
        let renamed = keys.read(.rename) { try $0.textMap(emptyValues: false) } ?? []
        for (key, name) in renamed {
            _ = attempt { try refuseReserved(FileKey(text: name, position: key.position)) }
            if let other = rules.rename.first(where: { $0.value == name }) {
                refuse(
                    refusal(
                        key.position,
                        "`rename` gives both `\(other.key)` and `\(key.text)` "
                            + "the name `\(name)`"))
            }
            rules.rename[key.text] = name
        }
        return rules
    }

    private func tagRules(_ value: FileValue) throws(TranshipError) -> TagRules {
        if value.isList {
            throw value.refusal(
                "\(value.label) of a target must be a mapping, but this is a list",
                hint: "write tags: { add: […] }")
        }
        let keys = try FileSection<TagRulesKey>(value)
        return TagRules(
            add: keys.read(.add) { try $0.tags() } ?? [],
            drop: keys.read(.drop) { try $0.globs(emptyAllowed: true) } ?? [])
    }
}
