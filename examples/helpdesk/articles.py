"""The help articles of Quillbark Notes, a note-taking app that does not exist."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Article:
    key: str
    title: str
    text: str


ARTICLES = (
    Article(
        "reset-password",
        "Reset a forgotten password",
        "Choose 'Forgot password' on the sign-in page and enter your email address. "
        "We send you a link that works for one hour. Open it and choose a new password.",
    ),
    Article(
        "two-step",
        "Sign in with a second step",
        "Turn on two-step sign-in under Settings, Security, and scan the code with your authenticator app. "
        "From then on you enter a six-digit code after your password. Keep the backup codes in a safe place.",
    ),
    Article(
        "change-email",
        "Change your email address",
        "Open Settings, Profile, and enter the new email address. "
        "We send a confirmation to it; until you confirm, the old address stays in use.",
    ),
    Article(
        "delete-account",
        "Delete your account",
        "Open Settings, Account, and choose 'Delete my account'. "
        "All your notes are erased after thirty days. Until then you can sign in and cancel the deletion.",
    ),
    Article(
        "invoice",
        "Download an invoice",
        "Every payment has an invoice as a PDF under Settings, Billing, History. "
        "You can add your company name and tax number, and they appear on the next invoice.",
    ),
    Article(
        "payment-card",
        "Update your payment card",
        "When your credit card expires, open Settings, Billing, and enter the details of the new card. "
        "A payment that failed is tried again the next day.",
    ),
    Article(
        "cancel-plan",
        "Cancel your subscription",
        "Open Settings, Billing, and choose 'Cancel plan'. "
        "You keep the paid features until the end of the month you paid for, then the free plan begins.",
    ),
    Article(
        "refund",
        "Ask for a refund",
        "Within fourteen days of a payment you get your money back, no questions asked. "
        "Write to billing with the number of the invoice; the refund takes about five days.",
    ),
    Article(
        "student",
        "Discount for students and teachers",
        "Students and teachers pay half the price. Send us a photo of a valid student card or a letter of your school.",
    ),
    Article(
        "share-note",
        "Share a note with someone",
        "Open the note and choose Share, then enter the email address of the other person. "
        "Decide whether they may only read the note or edit it with you.",
    ),
    Article(
        "public-link",
        "Publish a note on the web",
        "Choose Share, 'Public link', to make a web page of a note that anyone can read without an account. "
        "Switch the link off and the page is gone.",
    ),
    Article(
        "offline",
        "Work without an internet connection",
        "The apps for phone and computer keep a copy of your notes, so you can read and write offline. "
        "What you changed is uploaded as soon as you have a connection again.",
    ),
    Article(
        "sync-problem",
        "Notes do not sync between devices",
        "Check that both devices are signed in to the same account, then pull the list of notes down to sync now. "
        "A yellow triangle marks the note that could not be synced.",
    ),
    Article(
        "restore-note",
        "Get back a deleted note",
        "Deleted notes stay in the trash for thirty days. Open the trash, select the note and choose Restore.",
    ),
    Article(
        "history",
        "See earlier versions of a note",
        "Choose History in the menu of a note to see who changed what and when. "
        "You can compare two versions and go back to an older one.",
    ),
    Article(
        "export",
        "Export all your notes",
        "Open Settings, Data, and choose Export to receive all notes in one ZIP file, as Markdown or HTML. "
        "For a large notebook this takes a few minutes; we send an email when the file is ready.",
    ),
    Article(
        "import",
        "Import notes from another app",
        "Open Settings, Data, Import, and choose the files of your former note-taking app. "
        "Headings, lists, pictures and tags are kept.",
    ),
    Article(
        "tags",
        "Organise notes with tags",
        "Type # and a word anywhere in a note to give it a tag. "
        "Click a tag in the side bar to see all notes that have it; drag one tag onto another to group them.",
    ),
    Article(
        "search",
        "Search in your notes",
        "Press Ctrl+K and type a few words; the search covers titles, text and the words in pictures. "
        "Put a phrase in quotation marks to find exactly that phrase.",
    ),
    Article(
        "attach",
        "Attach pictures and files",
        "Drag a picture, a PDF or any other file of up to 50 MB into a note. "
        "Attachments count towards the storage of your plan.",
    ),
    Article(
        "reminder",
        "Set a reminder",
        "Choose the bell in a note, then a day and a time. "
        "You get a notification on your phone and your computer; repeat it daily or weekly if you like.",
    ),
    Article(
        "dark-mode",
        "Switch to dark mode",
        "Open Settings, Appearance, and choose Light, Dark or 'Like the device'. "
        "The size and the font of the text are on the same page.",
    ),
    Article(
        "print",
        "Print a note",
        "Choose Print in the menu of the note. Pictures are scaled to fit the paper, and you may leave out the tags.",
    ),
    Article(
        "encryption",
        "How your notes are encrypted",
        "Notes are encrypted on the way to us and on our disks. "
        "Lock a note with a passphrase of its own and not even we can read it; without the passphrase it is lost.",
    ),
)
