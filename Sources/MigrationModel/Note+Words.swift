// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

extension Note {
    typealias Texts = (code: String, words: String)

    /// The code and the words of the note. No other code words a note.
    var texts: Texts {
        listingTexts ?? memoryTexts ?? targetTexts ?? lessonTexts ?? rightsTexts ?? wayTexts
            ?? differenceTexts
            ?? publishingTexts ?? copyTexts ?? ("note", "")
    }

    private var listingTexts: Texts? {
        switch self {
        case .addedBecauseNamed(let name): ("added", "added: \(name) names it")
        case .noChecksum:
            ("no-checksum", "no checksum is promised: what arrives cannot be compared")
        case .malformedChecksum(let fields):
            (
                "malformed-checksum",
                "the source's \(fields.joined(separator: " and ")) is not a checksum of its algorithm, "
                    + "so nothing is compared with it; see the image at the source"
            )
        case .changingETag:
            (
                "changing-etag",
                "its ETag changes with every answer, so a new version of the same size is not "
                    + "noticed; `checksum_file` would show it"
            )
        case .noVersion:
            (
                "no-version",
                "its server reports nothing by which a new version of the same size and beginning "
                    + "could be noticed; give `checksum` or `checksum_file`"
            )
        case .noLength:
            (
                "no-length",
                "its server declares no length, so data that is cut off on the way looks complete; "
                    + "give `checksum` or `checksum_file`"
            )
        case .noInnerChecksum(let format):
            (
                "no-inner-checksum",
                "the \(format) data has no checksum inside, and none is promised: nothing proves "
                    + "what is decompressed; give `checksum` or `checksum_file`"
            )
        case .unseenData(let reason):
            ("unseen-data", "the plan could not look at the data: \(reason)")
        case .versionBeingFilled(let version, let taken, let reason):
            (
                "version-being-filled",
                "version \(version) is still being filled by its publisher, so version \(taken) is "
                    + "taken: \(reason); if it stays so, correct `latest` or `checksum_file`"
            )
        case .emptyData: ("empty-data", "it is empty")
        case .smallerThanSector(let size):
            (
                "smaller-than-a-sector",
                "it has \(counted(Int(clamping: size), "byte")), less than one sector of a disk: an "
                    + "answer about an error may be in its place; look at it"
            )
        case .isoWithoutPartitions(let format):
            (
                "iso-without-partitions",
                "it is an iso image without a partition table, and its disk_format is \(format): "
                    + "as a disk it does not boot"
            )
        case .diskTooSmall(let needed, let stated):
            (
                "min-disk-too-small",
                "its disk needs \(needed) GiB and min_disk is \(stated): servers with smaller "
                    + "disks will not start; write `min_disk: \(needed)`"
            )
        case .contentType(let type): ("content-type", "the server calls the data \(type)")
        default: nil
        }
    }

    private var memoryTexts: Texts? {
        switch self {
        case .olderVersionAccepted(let version, let newest):
            (
                "older-version-accepted",
                "version \(version) is older than version \(newest), copied before; "
                    + "`allow_downgrade` accepts it"
            )
        case .otherKeyAccepted(let now, let before):
            (
                "other-key-accepted",
                "signed by key \(now), and before by key \(before); `signed_by` has changed since"
            )
        case .staleVersion(let series, let version, let since, let staleAfter):
            ("stale-version", Self.stale(series, version, since: since, after: staleAfter))
        case .sourceMoved(let id, let place):
            (
                "source-moved",
                "image \(id) is from \(place), and the source has moved since: a run reads the "
                    + "data, and keeps no second copy if it is the same"
            )
        default: nil
        }
    }

    private static func stale(
        _ series: String, _ version: String?, since: Int64, after: Int64
    ) -> String {
        "\(series): the source has offered \(version.map { "version \($0)" } ?? "the same data") "
            + "since \(Timestamp.text(since)), longer than stale_after "
            + "(\(TimeSpan.format(after))); see whether its publisher has a newer one, and the "
            + "mirror has not"
    }

    private var targetTexts: Texts? {
        switch self {
        case .propertyLeftOut(let key, let reason):
            ("property-left-out", "left out \(key): \(reason)")
        case .keptIDHeld(let id, let words):
            ("kept-id-held", "id \(id) is \(words) at the target; it gets another")
        case .manyProperties(let count):
            (
                "many-properties",
                "\(count) properties with our marker \(Origin.propertyName): more than 128, the "
                    + "default of image_property_quota; if the target refuses the image, drop some "
                    + "with properties: { drop: [...] }"
            )
        case .manyTags(let count):
            (
                "many-tags",
                "\(count) tags: more than 128, the default of image_tag_quota; if the target "
                    + "refuses the image, drop some with tags: { drop: [...] }"
            )
        case .mayBeUploaded:
            (
                "may-be-uploaded",
                "if the target converts imports, the data is uploaded instead, and an "
                    + "administrator's entry has to copy it into further stores"
            )
        case .membersAreAccepted(let members):
            (
                "members-are-accepted",
                "shared with \(members.joined(separator: ", ")), as accepted at the source"
            )
        case .membersGone(let members, let id):
            (
                "members-gone",
                "the source does not share it with \(members.joined(separator: ", ")) any more, and the "
                    + "copy stays shared; each is removed with: openstack image remove project \(id)"
            )
        case .membersLeftOut(let members, let id):
            (
                "members-left-out",
                "image \(id) was not shared with \(members.joined(separator: ", ")): no table "
                    + "(`projects`, `image.owner`) says which project that is at the target"
            )
        case .membersHaveToAccept(let members):
            ("members-have-to-accept", Self.haveToAccept(members))
        default: nil
        }
    }

    /// Texts of notes about the target's behaviour in the last run.
    private var lessonTexts: Texts? {
        switch self {
        case .tooManyProperties(let count, let max, let run):
            (
                "above-property-limit",
                "the target took no more than \(max) \(max == 1 ? "property" : "properties") in run \(run), and this "
                    + "copy has \(count) with our marker \(Origin.propertyName): drop some with "
                    + "properties: { drop: [...] }, or have image_property_quota raised"
            )
        case .tooManyTags(let count, let max, let run):
            (
                "above-tag-limit",
                "the target took no more than \(counted(max, "tag")) in run \(run), and this copy has "
                    + "\(count): drop some with tags: { drop: [...] }, or have image_tag_quota raised"
            )
        case .importsConvert(let images, let format, let isAccepted, let run):
            (
                "imports-convert",
                "imports at this target converted \(counted(images, "image")) of the disk format "
                    + "\(format) in run \(run): "
                    + (isAccepted
                        ? "the copy becomes what the target makes of it, and nothing proves that"
                        : "such a copy is discarded (transformed) or uploaded instead; "
                            + "`method: upload` converts nothing")
            )
        default: nil
        }
    }

    /// Texts of notes about requests that a cloud may refuse to a user who is not an administrator.
    private var rightsTexts: Texts? {
        switch self {
        case .publicMayBeRefused:
            (
                "public-may-be-refused",
                "most clouds let only administrators publish images, and the target's user is not one: "
                    + "\(Self.staysPrivate); use an administrator's entry, or write "
                    + "`visibility: private`"
            )
        case .communityMayBeRefused:
            (
                "community-may-be-refused",
                "some clouds let only administrators give images the visibility community, and the "
                    + "target's user is not one: \(Self.staysPrivate); use an administrator's entry, "
                    + "or write `visibility: private`"
            )
        case .deactivationMayBeRefused:
            (
                "deactivation-may-be-refused",
                "some clouds let only administrators deactivate images, and the target's user is not "
                    + "one: \(Self.staysPrivate); use an administrator's entry"
            )
        case .ownerMayBeRefused(let project):
            (
                "owner-may-be-refused",
                "most clouds let only administrators create images of another project (\(project)), "
                    + "and the target's user is not one: if the target refuses, the image fails; use "
                    + "an administrator's entry, or `projects`, which takes a token of each project"
            )
        case .deactivatedMayBeUnreadable:
            (
                "deactivated-may-be-unreadable",
                "the image is deactivated; most clouds let only administrators read its data, and the "
                    + "source's user is not one: if the source refuses, the image fails and the target "
                    + "keeps nothing of it; use an administrator's entry"
            )
        case .membersMayBeHidden(let owner):
            (
                "members-may-be-hidden",
                "the image is of project \(owner); most clouds show all its members only to that "
                    + "project and to administrators: the copy is shared with those that the source "
                    + "shows"
            )
        default: nil
        }
    }

    private static let staysPrivate =
        "if the target refuses, a new copy stays private and ends as unpublished, and a later run "
        + "goes on with it"

    private static func haveToAccept(_ members: [String]) -> String {
        let one = members.count == 1
        return "\(members.count) member\(one ? " has" : "s have") to accept the copy before it is "
            + "in \(one ? "its list" : "their lists"): \(members.joined(separator: ", "))"
    }

    private var wayTexts: Texts? {
        switch self {
        case .copiedAsIs(let objection):
            ("copied-as-is", "copied as it is at the source: \(objection)")
        case .nothingNew(let id):
            (
                "nothing-new",
                "the source shows a new version by its address, its ETag, its time or its promise "
                    + "alone: the data is that of image \(id), so no copy of it stays"
            )
        case .keptIDGivenUp(let id, let reason):
            ("kept-id-given-up", "id \(id) could not be kept: \(reason)")
        case .converted(let method):
            ("conversion-avoided", "\(method.rawValue) converts the data, so upload was used")
        case .methodFailed(let method, let next):
            ("method-failed", "\(method.rawValue) failed, so \(next.rawValue) was used")
        case .transformed(let facts): ("transformed", "transformed: \(facts.words)")
        case .unverifiable(let facts): ("unverifiable", "unverifiable: \(facts.words)")
        case .missingStores(let held, let missing, let reason):
            ("missing-stores", Self.missing(held, missing, reason))
        case .membersWaiting(let members, let id):
            (
                "members-waiting",
                "has to be accepted by the projects that it is shared with: "
                    + members.joined(separator: ", ")
                    + "; each with: openstack image set --accept \(id)"
            )
        case .notShared(let project):
            (
                "not-shared",
                "not shared with \(project): no table (`projects`, `image.owner`) says which project "
                    + "that is at the target"
            )
        default: nil
        }
    }

    /// Texts of notes about copies that differ from the plan.
    private var differenceTexts: Texts? {
        switch self {
        case .fieldsChanged(let id, let fields):
            (
                "fields-changed",
                "image \(id) was published before \(fields.joined(separator: ", ")) changed; "
                    + "`on_conflict: update` carries that over"
            )
        case .otherFields(let id, let fields):
            (
                "other-fields",
                "image \(id) was copied before, by another pipeline or another journal, and differs "
                    + "from this plan in \(fields.joined(separator: ", ")); it stays as it is"
                    + (fields.contains("name")
                        ? "; to rename it, if no other image has that name: "
                            + "tranship image set --cloud CLOUD --name NAME \(id)" : "")
            )
        case .otherFormat(let id, let there, let planned):
            (
                "other-format",
                "image \(id) is a copy of the same data with \(there), and not \(planned): it stays as "
                    + "it is, because a service changes no format of an image with data; for a second "
                    + "image, give the copy another name"
            )
        case .changedByHand(let id, let fields):
            (
                "changed-by-hand",
                "image \(id) is the current version, and someone has changed its "
                    + "\(fields.joined(separator: ", ")) at the target, so "
                    + (fields == ["visibility"]
                        ? "others find it than the pipeline says" : "its users may not find it")
                    + "; it stays so"
            )
        case .deactivatedAtTarget(let id):
            (
                "deactivated-at-target",
                "image \(id) was deactivated at the target, so only administrators can read its "
                    + "data; it stays so"
            )
        case .editedCopy(let id, let fields):
            (
                "edited-copy",
                "someone has changed \(fields.joined(separator: ", ")) of image \(id) at the target: "
                    + "that stays as it is"
            )
        case .editedAtTarget(let fields):
            (
                "edited-at-target",
                "\(fields.joined(separator: ", ")) changed at the source, and was edited at the "
                    + "target: that stays as it is"
            )
        case .setAtTarget(let fields):
            (
                "set-at-target",
                "someone set \(fields.joined(separator: ", ")) at the target before the copy was "
                    + "published: that stays as it is"
            )
        default: nil
        }
    }

    private var publishingTexts: Texts? {
        switch self {
        case .notReplaced(let id):
            (
                "not-replaced",
                "image \(id) had the same name and has changed since the plan: it was not hidden"
            )
        case .hides(let ids):
            (
                "hides-images",
                (ids.count == 1
                    ? "image \(ids[0]), which has this name, is hidden"
                    : "images \(ids.joined(separator: ", ")), which have this name, are hidden")
                    + " once the copy is published; `tranship rollback` can undo that"
            )
        case .hidden(let id):
            ("image-hidden", "image \(id) had the same name and is hidden now")
        case .memberRejected(let project):
            (
                "member-rejected",
                "not shared with \(project): that project rejected the image at the source"
            )
        default: nil
        }
    }

    private var copyTexts: Texts? {
        switch self {
        case .notListed(let id, let owner):
            (
                "not-listed",
                owner.map {
                    "image \(id) is the copy, and belongs to project \($0.cut(to: 64)) now, so the target "
                        + "does not list it here; it stays as it is, and no second one is made"
                }
                    ?? "image \(id) is the copy, and the target's list does not have it; no second "
                    + "one is made"
            )
        case .idPlanted(let id, let owner):
            (
                "id-planted",
                "project \((owner ?? "?").cut(to: 64)) has made an image under the id of the copy, "
                    + "\(id), with our marker: it is not ours, and the copy takes another id"
            )
        case .changedByTarget(let id, let differences, let more):
            ("changed-by-target", Self.changed(id, differences, more))
        default: nil
        }
    }

    private static func changed(
        _ id: String, _ differences: [FieldDifference], _ more: Int
    ) -> String {
        "the target has " + differences.map(\.insteadWords).joined(separator: ", ")
            + (more > 0 ? ", and \(counted(more, "other field"))" : "") + " (image \(id))"
    }

    private static func missing(
        _ held: [String], _ missing: [String], _ reason: String?
    ) -> String {
        let stores = missing.isEmpty ? "every store" : missing.joined(separator: ", ")
        guard let reason else { return "not in store \(stores)" }
        return "it lies in \(held.joined(separator: ", ")), not in \(stores): \(reason)"
    }
}
