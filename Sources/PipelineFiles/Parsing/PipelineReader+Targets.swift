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
            let path = try keys.required(.archive).absolutePath()
            return .archive(ArchiveTarget(path: path, position: keys.position))
        }
    }

    private func cloudTarget(_ value: FileValue) throws(TranshipError) -> CloudTarget {
        let keys = try FileSection<CloudTargetKey>(value)
        return CloudTarget(
            cloud: CloudName(
                name: try keys.required(.cloud).text(), region: try keys[.region]?.text(),
                interface: try interface(keys[.interface]), project: try keys[.project]?.text(),
                projectDomain: nil,
                position: keys.position),
            rules: try rules(keys))
    }

    private func rules(
        _ keys: FileSection<CloudTargetKey>
    ) throws(TranshipError) -> TargetRules {
        TargetRules(
            method: try keys[.method]?.choice(UploadMethod.self, orNil: "auto"),
            stores: try keys[.stores].map(stores) ?? .standard,
            image: try keys[.image].map(targetImage) ?? .standard,
            onConflict: try keys[.onConflict]?.choice(OnConflict.self),
            keep: try keys[.keep]?.integer(0...1_000_000),
            previous: try keys[.previous]?.choice(PreviousVersions.self),
            expired: try keys[.expired].map(expired),
            acceptTransformed: try keys[.acceptTransformed]?.bool() ?? false,
            allStoresMustSucceed: try keys[.allStoresMustSucceed]?.bool() ?? true,
            limitsImages: try keys[.limits].flatMap { value throws(TranshipError) in
                try FileSection<TargetLimitsKey>(value)[.images]?.integer(1...1000)
            })
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
        let action = try keys.required(.action).choice(ExpiredVersions.Action.self)
        if action != .leave { _ = try keys.required(.after, hint: "write `after: 90d`") }
        return ExpiredVersions(action: action, afterSeconds: try keys[.after]?.spanSeconds() ?? 0)
    }

    private func targetImage(_ value: FileValue) throws(TranshipError) -> TargetImageRules {
        let keys = try FileSection<TargetImageKey>(value)
        let standard = TargetImageRules.standard
        return TargetImageRules(
            name: try keys[.name]?.nameTemplate(.target) ?? standard.name,
            visibility: try keys[.visibility]?.keepOr(ImageVisibility.self) ?? .keep,
            protected: try keys[.protected]?.keepOrBool() ?? .keep,
            hidden: try keys[.hidden]?.keepOrBool() ?? .keep,
            keepID: try keys[.keepID]?.choice(PlannedRecord.KeptID.self, orNil: "false"),
            owner: try keys[.owner].map(owners),
            members: try keys[.members]?.choice(MemberRule.self),
            properties: try keys[.properties].map(propertyRules) ?? PropertyRules(),
            tags: try keys[.tags].map(tagRules) ?? TagRules())
    }

    private func owners(_ value: FileValue) throws(TranshipError) -> OwnerMap {
        if !value.isMapping, !value.isList, try value.text() == "projects" {
            return OwnerMap(projects: [:], rest: nil, isProjectTable: true)
        }
        var projects: [String: String] = [:]
        for (key, project) in try value.textMap(emptyValues: false) {
            projects[key.text] = project
        }
        guard !projects.isEmpty else {
            throw value.refusal("`owner` maps no project", hint: "remove the key instead")
        }
        let rest = projects.removeValue(forKey: "*")
        return OwnerMap(projects: projects, rest: rest)
    }

    private func propertyRules(_ value: FileValue) throws(TranshipError) -> PropertyRules {
        let keys = try FileSection<PropertyRulesKey>(value)
        var rules = PropertyRules()
        if let set = keys[.set] { rules.set = try properties(set) }
        rules.drop = try keys[.drop]?.globs(emptyAllowed: true) ?? []
        guard let rename = keys[.rename] else { return rules }
        for (key, name) in try rename.textMap(emptyValues: false) {
            try refuseReserved(FileKey(text: name, position: key.position))
            if let other = rules.rename.first(where: { $0.value == name }) {
                throw refusal(
                    key.position,
                    "`rename` gives both `\(other.key)` and `\(key.text)` "
                        + "the name `\(name)`")
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
            add: try keys[.add]?.tags() ?? [],
            drop: try keys[.drop]?.globs(emptyAllowed: true) ?? [])
    }
}
