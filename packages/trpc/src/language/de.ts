/** The API's sentences in German, by their English templates. {0}, {1}, … are the values, in whatever order German has them. */
export const GERMAN: Readonly<Record<string, string>> = {
  // Requests
  'The input is not valid.': 'Die Eingabe ist nicht gültig.',
  'The request could not be read.': 'Die Anfrage war nicht zu lesen.',
  'The body is not JSON.': 'Der Inhalt ist kein JSON.',
  'Send JSON.': 'Sende JSON.',
  'Send a JSON body.': 'Sende einen Inhalt als JSON.',
  'The body is nested more than {0} levels deep.': 'Der Inhalt ist mehr als {0} Ebenen tief verschachtelt.',
  'The request is too large.': 'Die Anfrage ist zu groß.',
  'Use GET for queries and POST for mutations.': 'Abfragen gehen mit GET, Änderungen mit POST.',
  'There is nothing here.': 'Hier gibt es nichts.',
  'PixGen’s API does not go by this name. Its operator can add it to API_HOSTS.':
    'Unter diesem Namen ist PixGens API nicht zu erreichen. Wer sie betreibt, kann ihn zu API_HOSTS hinzufügen.',
  'Use one of {0}.': 'Nimm eines von {0}.',
  'This took too long. Look whether it was done before you try again.':
    'Das hat zu lange gedauert. Sieh nach, ob es getan wurde, bevor du es noch einmal versuchst.',
  'PixGen has more to do than it can. Nothing was charged; try again in a moment.':
    'PixGen hat mehr zu tun, als es kann. Es wurde nichts berechnet; versuch es gleich noch einmal.',
  'PixGen is not available right now. Nothing was charged; try again in a moment.':
    'PixGen ist gerade nicht erreichbar. Es wurde nichts berechnet; versuch es gleich noch einmal.',
  'Something went wrong on our side. Nothing was charged; try again.':
    'Bei uns ist etwas schiefgegangen. Es wurde nichts berechnet; versuch es noch einmal.',
  'The file store does not answer. Try again in a moment.':
    'Der Dateispeicher antwortet nicht. Versuch es gleich noch einmal.',

  // Idempotency keys
  'Send an idempotencyKey of 8 to 100 letters, digits or _ . : - (over REST as the header Idempotency-Key: "…", in quotes).':
    'Sende einen idempotencyKey aus 8 bis 100 Buchstaben, Ziffern oder _ . : - (über REST als Header Idempotency-Key: "…", in Anführungszeichen).',
  'Use letters, digits and _ . : - only.': 'Nimm nur Buchstaben, Ziffern und _ . : -',
  'The Idempotency-Key header and the field idempotencyKey are different. Send one of them.':
    'Der Header Idempotency-Key und das Feld idempotencyKey sind verschieden. Sende nur eines davon.',
  'The first call with this idempotency key is still under way. Repeat this call in a moment.':
    'Der erste Aufruf mit diesem Idempotenzschlüssel läuft noch. Wiederhole diesen gleich.',
  'This idempotency key was used for another request. Use a new key.':
    'Dieser Idempotenzschlüssel gehört zu einer anderen Anfrage. Nimm einen neuen.',
  'Already used with another body.': 'Schon mit anderem Inhalt benutzt.',

  // Limits
  'Too many requests from this address. Wait {0} seconds.': 'Zu viele Anfragen von dieser Adresse. Warte {0} Sekunden.',
  'Too many tries from this address. Wait a minute.': 'Zu viele Versuche von dieser Adresse. Warte eine Minute.',
  'At most {0} {1} at once. Nothing was started or charged.':
    'Höchstens {0} {1} zugleich. Es wurde nichts begonnen und nichts berechnet.',
  'requests under way': 'laufende Anfragen',
  'pictures that are drawn anew': 'Bilder, die neu gezeichnet werden,',
  'open tabs with live progress': 'offene Tabs, die live mitlesen',
  'The limit of {0} {1} is reached. Try again {2}. Nothing was started or charged.':
    'Die Grenze von {0} {1} ist erreicht. Versuch es {2} wieder. Es wurde nichts begonnen und nichts berechnet.',
  'trainings an hour': 'Trainings in der Stunde',
  'generations an hour': 'Bildaufträgen in der Stunde',
  'reports an hour from one address': 'Meldungen in der Stunde von einer Adresse',
  'changes in 15 minutes': 'Änderungen in 15 Minuten',
  'requests in 15 minutes': 'Anfragen in 15 Minuten',
  'in {0} minutes': 'in {0} Minuten',
  'in {0} seconds': 'in {0} Sekunden',
  'At most {0} jobs of one person at once, and {1} of yours have not ended. Wait for one or cancel one. Nothing was started or charged.':
    'Höchstens {0} Aufträge einer Person zugleich, und {1} von dir sind noch nicht zu Ende. Warte auf einen oder brich einen ab. Es wurde nichts begonnen und nichts berechnet.',
  'This would go past your budget. Nothing was started or charged.':
    'Das ginge über dein Budget hinaus. Es wurde nichts begonnen und nichts berechnet.',
  '{0} of these are under way. Wait until one has ended.': '{0} davon laufen schon. Warte, bis eines zu Ende ist.',
  '{0} MB': '{0} MB',
  'Your photos, pictures and models take {0} of {1}; this photo needs {2} more. Erase photos or models that you do not need.':
    'Deine Fotos, Bilder und Modelle brauchen {0} von {1}; dieses Foto braucht weitere {2}. Lösche Fotos oder Modelle, die du nicht brauchst.',

  // People and their accounts
  'Sign in to go on.': 'Melde dich an, um weiterzumachen.',
  'E-mail or password is wrong. After ten wrong tries you have to wait 15 minutes.':
    'E-Mail-Adresse oder Passwort ist falsch. Nach zehn falschen Versuchen musst du 15 Minuten warten.',
  'The password is wrong.': 'Das Passwort ist falsch.',
  'This password is easy to guess. Use a few words that have nothing to do with each other or with you.':
    'Dieses Passwort ist leicht zu erraten. Nimm ein paar Wörter, die weder miteinander noch mit dir zu tun haben.',
  'The password was changed in the meantime. Sign in with the new one.':
    'Das Passwort wurde inzwischen geändert. Melde dich mit dem neuen an.',
  'Only a signed-in person can change a password.': 'Nur eine angemeldete Person kann ein Passwort ändern.',
  'Only a signed-in person can make a password link.': 'Nur eine angemeldete Person kann einen Passwort-Link machen.',
  'This link was used or is too old. Ask for a new one.':
    'Dieser Link wurde schon benutzt oder ist zu alt. Bitte um einen neuen.',
  'Sessions are ended by a signed-in person, not by a program.':
    'Sitzungen beendet eine angemeldete Person, kein Programm.',
  'There is an account with this e-mail address. Sign in instead.':
    'Zu dieser E-Mail-Adresse gibt es schon ein Konto. Melde dich damit an.',
  'Already in use.': 'Wird schon benutzt.',
  'This site takes no new accounts.': 'Hier werden keine neuen Konten angelegt.',
  'You need an invitation that was not used yet. Ask the operator of this site.':
    'Du brauchst eine Einladung, die noch nicht benutzt wurde. Frag den Betreiber dieser Seite.',
  'This invitation cannot be used.': 'Diese Einladung gilt nicht.',
  'This set-up link was used or is too old. Restart PixGen to get a new one.':
    'Dieser Einrichtungslink wurde schon benutzt oder ist zu alt. Starte PixGen neu, um einen anderen zu bekommen.',
  'This account is suspended.': 'Dieses Konto ist gesperrt.',
  'This account is suspended. Ask the operator of this site.':
    'Dieses Konto ist gesperrt. Frag den Betreiber dieser Seite.',
  'This account is suspended. It has {0} of the last {1} days. Ask the operator of this site.':
    'Dieses Konto ist gesperrt. Es hat {0} aus den letzten {1} Tagen. Frag den Betreiber dieser Seite.',
  'one strike': 'einen Verstoß',
  '{0} strikes': '{0} Verstöße',
  'The queue board shows and changes nothing. Jobs that ended badly are retried in the administration.':
    'Die Warteschlangen-Ansicht zeigt nur und ändert nichts. Aufträge mit schlechtem Ende versuchst du in der Verwaltung noch einmal.',
  'This is your own account. Ask another administrator.':
    'Das ist dein eigenes Konto. Bitte jemand anderen aus der Verwaltung.',
  'You have {0} keys already. Revoke one first.': 'Du hast schon {0} Schlüssel. Widerrufe zuerst einen.',
  'API keys are managed by a signed-in person, not by another key.':
    'API-Schlüssel verwaltet eine angemeldete Person, kein anderer Schlüssel.',
  'Only a signed-in person can erase an account.': 'Nur eine angemeldete Person kann ein Konto löschen.',
  'This is your own account. Erase it in your settings.': 'Das ist dein eigenes Konto. Lösche es in den Einstellungen.',
  'This is an administrator. Make them a member first.':
    'Das ist jemand aus der Verwaltung. Mach daraus zuerst ein Mitglied.',
  'Type "{0}" to go on.': 'Schreib „{0}“, um weiterzumachen.',
  'This account is being erased already.': 'Dieses Konto wird schon gelöscht.',
  'This model is being erased already.': 'Dieses Modell wird schon gelöscht.',
  'This photo is being erased already.': 'Dieses Foto wird schon gelöscht.',
  'This image is being erased already.': 'Dieses Bild wird schon gelöscht.',

  // What is not there
  'There is no such model.': 'Dieses Modell gibt es nicht.',
  'There is no such photo.': 'Dieses Foto gibt es nicht.',
  'There is no such image.': 'Dieses Bild gibt es nicht.',
  'There is no such generation.': 'Diesen Bildauftrag gibt es nicht.',
  'There is no such training.': 'Dieses Training gibt es nicht.',
  'There are no such weights.': 'Diese Gewichte gibt es nicht.',
  'There is no such pack.': 'Dieses Paket gibt es nicht.',
  'There is no such job.': 'Diesen Auftrag gibt es nicht.',
  'There is no such API key.': 'Diesen API-Schlüssel gibt es nicht.',
  'There is no such session any more.': 'Diese Sitzung gibt es nicht mehr.',
  'There is no such user.': 'Diese Person gibt es hier nicht.',
  'There is no such collection.': 'Diese Sammlung gibt es nicht.',
  'There is no such operation.': 'Diesen Vorgang gibt es nicht.',
  'There is no such erasure.': 'Diese Löschung gibt es nicht.',
  'There is no such report.': 'Diese Meldung gibt es nicht.',
  'There is no such strike.': 'Diesen Verstoß gibt es nicht.',

  // Photos
  'Use JPEG, PNG or WebP; the browser converts HEIC before it uploads.':
    'Nimm JPEG, PNG oder WebP; HEIC wandelt der Browser vor dem Hochladen um.',
  'A photo may be at most {0} MB.': 'Ein Foto darf höchstens {0} MB groß sein.',
  'A set holds at most {0} photos.': 'Ein Satz fasst höchstens {0} Fotos.',
  'The file did not arrive yet. Upload it first.': 'Die Datei ist noch nicht angekommen. Lade sie zuerst hoch.',
  '{0} bytes were announced, {1} arrived.': '{0} Bytes waren angekündigt, {1} kamen an.',
  'The same photo was added again; it is in the set.': 'Dasselbe Foto kam noch einmal; es ist schon im Satz.',

  // Models and training
  'This model has no weights yet. Train it first.': 'Dieses Modell hat noch keine Gewichte. Trainiere es zuerst.',
  'This model has no weights yet. Train it first, then make images.':
    'Dieses Modell hat noch keine Gewichte. Trainiere es zuerst, dann mach Bilder.',
  'These weights have no Kohya file: only those of a last step do.':
    'Zu diesen Gewichten gibt es keine Kohya-Datei: nur zu denen eines letzten Schritts.',
  'This model is being trained. Cancel the training first.':
    'Dieses Modell wird gerade trainiert. Brich das Training zuerst ab.',
  'The subject can be changed only before the first training.':
    'Das Motiv lässt sich nur vor dem ersten Training ändern.',
  'Use one or two plain words, such as "woman" or "dog".':
    'Nimm ein oder zwei einfache englische Wörter, etwa „woman“ oder „dog“.',
  'Confirm the statement to go on.': 'Bestätige die Erklärung, um weiterzugehen.',
  'PixGen makes no models of people under {0}, whoever asks.':
    'PixGen macht keine Modelle von Menschen unter {0}, wer auch immer fragt.',
  'PixGen makes no models of children or teenagers. Say "woman", "man" or "person" of an adult; name an animal or a thing without such a word.':
    'PixGen macht keine Modelle von Kindern und Jugendlichen. Sag „woman“, „man“ oder „person“ zu einem erwachsenen Menschen; ein Tier oder ein Ding nenne ohne ein solches Wort.',
  'Most of the photos show a person’s face, but the subject is no person. If it is one, say so in the first step and confirm that statement; else remove or crop these photos. Call a figure what it is, such as "doll" or "statue".':
    'Auf den meisten Fotos ist das Gesicht eines Menschen, aber das Motiv ist keiner. Ist es doch einer, dann sag das im ersten Schritt und bestätige jene Erklärung; sonst entferne oder beschneide diese Fotos. Nenne eine Figur, was sie ist, etwa „doll“ oder „statue“.',
  'A person needs the statement about people.': 'Für eine Person gilt die Erklärung über Menschen.',
  'Confirm first that these photos may be used for training.':
    'Bestätige zuerst, dass mit diesen Fotos trainiert werden darf.',
  'The statement has changed since you confirmed it. Read and confirm the new one.':
    'Die Erklärung hat sich geändert, seit du sie bestätigt hast. Lies und bestätige die neue.',
  'The subject is a person, so the person must have agreed. Confirm that statement.':
    'Das Motiv ist ein Mensch, also muss er einverstanden sein. Bestätige diese Erklärung.',
  '{0} to {1} photos': '{0} bis {1} Fotos',
  'Use at most {0} photos; there are {1}.': 'Nimm höchstens {0} Fotos; es sind {1}.',
  'Add at least {0} photos; there are {1}.': 'Füge mindestens {0} Fotos hinzu; es sind {1}.',
  '{0} of the photos are still being uploaded or checked. Wait for them or remove them.':
    '{0} der Fotos werden noch hochgeladen oder geprüft. Warte auf sie oder entferne sie.',
  'Use 0: prior preservation is for people, and the subject is something else.':
    'Nimm 0: der Erhalt des Vorwissens ist für Menschen, und das Motiv ist etwas anderes.',
  'Ending early needs at least one sample prompt to judge by.':
    'Um früher zu enden, braucht es mindestens einen Probeprompt, nach dem sich urteilen lässt.',
  'Use {0} to {1} pixels in steps of {2} with this base model.':
    'Nimm bei diesem Basismodell {0} bis {1} Pixel in Schritten von {2}.',
  'Some photos of this training are gone. Start a new training instead.':
    'Einige Fotos dieses Trainings gibt es nicht mehr. Beginne stattdessen ein neues.',

  // Images
  'Use {0} to {1} pixels with this base model.': 'Nimm bei diesem Basismodell {0} bis {1} Pixel.',
  'Use a multiple of {0} pixels with this base model.': 'Nimm bei diesem Basismodell ein Vielfaches von {0} Pixeln.',
  'Your downloads of the last day take {0} of {1} GB, and this one needs {2} GB. Each goes a day after it was made.':
    'Deine Downloads des letzten Tages nehmen {0} von {1} GB ein, und dieser braucht {2} GB. Jeder verschwindet einen Tag, nachdem er entstand.',
  'Use at most {0} pictures.': 'Nimm höchstens {0} Bilder.',
  'Use at most {0} pictures at once; this would be {1}.': 'Nimm höchstens {0} Bilder auf einmal; das wären {1}.',
  'This prompt stands for more than {0} prompts. Use fewer choices.':
    'Dieser Prompt steht für mehr als {0} Prompts. Nimm weniger Auswahlen.',
  'This picture is damaged and cannot be shown.': 'Dieses Bild ist beschädigt und lässt sich nicht zeigen.',
  'This image failed; there is no file of it.': 'Dieses Bild ist misslungen; es gibt keine Datei davon.',
  'There may be {0} collections; delete one first.': 'Es darf {0} Sammlungen geben; lösche zuerst eine.',
  'Name a collection for kind collect, and for no other.':
    'Nenne eine Sammlung für die Art collect, und für keine andere.',
  'There is no such picture any more. Nothing was changed.':
    'Solche Bilder gibt es nicht mehr. Es wurde nichts geändert.',
  'That is more than {0} GB in one download. Choose fewer pictures.':
    'Das sind mehr als {0} GB in einem Download. Wähle weniger Bilder.',
  'This cannot be undone.': 'Das lässt sich nicht rückgängig machen.',
  'This has ended already.': 'Das ist schon zu Ende.',
  'This download was kept for a day. Order it again.':
    'Dieser Download wurde einen Tag lang aufbewahrt. Bestelle ihn noch einmal.',

  // Jobs
  'This is already being worked on. Wait for it to end or cancel it first.':
    'Daran wird schon gearbeitet. Warte, bis es zu Ende ist, oder brich es zuerst ab.',
  'This job has already ended ({0}).': 'Dieser Auftrag ist schon zu Ende ({0}).',
  succeeded: 'gelungen',
  failed: 'misslungen',
  cancelled: 'abgebrochen',
  expired: 'abgelaufen',
  'This job succeeded; start a new one instead.': 'Dieser Auftrag ist gelungen; beginne stattdessen einen neuen.',
  'This job is still working; cancel it first.': 'Dieser Auftrag läuft noch; brich ihn zuerst ab.',
  'Nothing of this order is left to be drawn.': 'Von diesem Auftrag ist nichts mehr zu zeichnen.',
  'This job was retried since.': 'Dieser Auftrag wurde inzwischen wiederholt.',
  'This job is changing right now. Try again.': 'Dieser Auftrag ändert sich gerade. Versuch es noch einmal.',
  'The owner of this job is suspended.': 'Wem dieser Auftrag gehört, ist gesperrt.',
  'The owner deleted the model of this job.': 'Wem dieser Auftrag gehört, hat sein Modell gelöscht.',

  // What is refused
  'Take out “{0}” and describe the scene and what is worn.':
    'Nimm „{0}“ heraus und beschreibe die Szene und die Kleidung.',
  'PixGen makes no sexual or suggestive pictures of children or teenagers, without exception. {0}':
    'PixGen macht keine sexuellen oder anzüglichen Bilder von Kindern oder Jugendlichen, ohne Ausnahme. {0}',
  'PixGen draws the likeness of real subjects and makes no sexual pictures of them. {0}':
    'PixGen zeichnet, was es wirklich gibt, und macht davon keine sexuellen Bilder. {0}',
  'This counts as strike {0} of {1} in {2} days ({3}).': 'Das zählt als Verstoß {0} von {1} in {2} Tagen ({3}).',
  'a prompt for sexual or suggestive pictures of minors was refused':
    'ein Prompt für sexuelle oder anzügliche Bilder von Minderjährigen wurde abgelehnt',
  'a prompt for sexual pictures was refused': 'ein Prompt für sexuelle Bilder wurde abgelehnt',
  'a report was upheld and a picture or model taken down':
    'eine Meldung war berechtigt, und ein Bild oder Modell wurde entfernt',
  '{0} The account is suspended; ask the operator of this site.':
    '{0} Das Konto ist gesperrt; frag den Betreiber dieser Seite.',
  '{0} With {1} the account is suspended. Settings show your strikes.':
    '{0} Bei {1} wird das Konto gesperrt. In den Einstellungen stehen deine Verstöße.',
  'This report was decided already.': 'Über diese Meldung ist schon entschieden.',
  'Name what it is about: an id of something that is there.': 'Sag, worum es geht: die Id von etwas, das es gibt.',
  'This is no picture of its own. Take down its model.': 'Das ist kein Bild für sich. Entferne sein Modell.',

  // GPUs and identity providers
  'The request does not fit the GPU protocol.': 'Die Anfrage passt nicht zum GPU-Protokoll.',
  'The signature of this delivery is not valid.': 'Die Signatur dieser Zustellung ist nicht gültig.',
  'The signature of this event is not valid.': 'Die Signatur dieses Ereignisses ist nicht gültig.',
  'This event does not fit the protocol.': 'Dieses Ereignis passt nicht zum Protokoll.',
  'This event belongs to another claim.': 'Dieses Ereignis gehört zu einer anderen Übernahme.',
  'This event is not JSON.': 'Dieses Ereignis ist kein JSON.',
  'This ticket is not valid.': 'Dieses Ticket ist nicht gültig.',
  'This attempt is over.': 'Dieser Versuch ist vorbei.',
  'This claim has stored all that it may.': 'Dieser Anspruch hat alles gespeichert, was er darf.',
  'This attempt was restarted too often.': 'Dieser Versuch wurde zu oft neu begonnen.',
  'Another call works on this attempt.': 'An diesem Versuch arbeitet ein anderer Aufruf.',
  'This claim is over. Stop the work.': 'Diese Übernahme ist vorbei. Beende die Arbeit.',
  'Progress cannot be stored right now.': 'Der Fortschritt lässt sich gerade nicht speichern.',
  'Previews cannot be shown right now.': 'Vorschauen lassen sich gerade nicht zeigen.',
};
