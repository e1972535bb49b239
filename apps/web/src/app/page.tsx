import { Badge, LinkButton } from '@pixgen/ui';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import { findInstallation, isSignedIn } from '@/account/installation';
import { DrawnSample } from '@/landing/drawn-sample';
import { Promises, Steps } from '@/landing/sections';
import { SunPrint } from '@/landing/sun-print';
import { LanguageChoice } from '@/language/language-choice';
import { Logo } from '@/shell/logo';

export default async function LandingPage() {
  const t = await getTranslations('landing');
  const [installation, signedIn] = await Promise.all([findInstallation(), isSignedIn()]);
  // Where nobody can sign up nobody is invited to.
  const takesPeople =
    installation !== null && (installation.authMode === 'clerk' || installation.registration !== 'closed');
  const start = signedIn
    ? { href: '/home', label: t('openTheStudio') }
    : takesPeople
      ? { href: '/sign-up', label: t('createAnAccount') }
      : { href: '/sign-in', label: t('signIn') };
  return (
    <div className="overflow-x-clip">
      <header className="mx-auto flex max-w-6xl items-center justify-between gap-4 px-5 py-5 sm:px-8">
        <Logo />
        <nav aria-label={t('account')} className="flex items-center gap-2">
          {!signedIn && takesPeople && (
            <LinkButton as={Link} href="/sign-in" variant="ghost">
              {t('signIn')}
            </LinkButton>
          )}
          <LinkButton as={Link} href={start.href} variant="primary" className="max-sm:hidden">
            {start.label}
          </LinkButton>
        </nav>
      </header>
      <main id="main" tabIndex={-1} className="outline-none">
        <section className="mx-auto grid max-w-6xl items-center gap-12 px-5 pt-10 pb-20 sm:px-8 lg:grid-cols-[1.05fr_1fr] lg:pt-16 lg:pb-28">
          <div className="grid gap-7">
            <h1 className="font-display text-[2.75rem] leading-[1.02] tracking-[-0.025em] sm:text-6xl lg:text-[4.5rem]">
              {t('aPhotoStudioThatKnows')}
            </h1>
            <p className="max-w-[46ch] text-ink-2 text-lg">{t('giveIt5To20')}</p>
            <div className="flex flex-wrap items-center gap-3">
              <LinkButton as={Link} href={start.href} variant="primary" size="lg">
                {start.label}
              </LinkButton>
              <LinkButton href="#how" variant="ghost" size="lg">
                {t('howARunWorks')}
              </LinkButton>
            </div>
            {installation && installation.profile !== 'sdxl' && (
              <p className="flex max-w-[52ch] items-baseline gap-3 text-ink-2 text-sm">
                <Badge tone="warn">{installation.profile}</Badge>
                {t('thisInstallationDrawsWithA')}
              </p>
            )}
          </div>
          <Prints />
        </section>
        <Steps />
        {installation?.profile === 'tiny' && <DrawnSample />}
        <Promises />
        <section className="mx-auto grid max-w-6xl justify-items-center gap-6 px-5 py-24 text-center sm:px-8">
          <h2 className="max-w-[18ch] font-display text-4xl leading-tight tracking-[-0.02em] sm:text-5xl">
            {t('bringAHandfulOfPhotos')}
          </h2>
          <LinkButton as={Link} href={start.href} variant="primary" size="lg">
            {start.label}
          </LinkButton>
        </section>
      </main>
      <footer className="border-line border-t">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-x-10 gap-y-4 px-5 py-8 text-ink-2 text-sm sm:px-8">
          <Logo />
          <Link href="/report" className="underline-offset-4 hover:text-accent hover:underline">
            {t('reportAPicture')}
          </Link>
          <Link href="/docs/api" className="underline-offset-4 hover:text-accent hover:underline">
            {t('apiReference')}
          </Link>
          <p className="max-w-[58ch]">{t('theBluePrintsOnThis')}</p>
          <LanguageChoice />
        </div>
      </footer>
    </div>
  );
}

function Prints() {
  const frame = 'overflow-hidden rounded-print border-[5px] border-white shadow-lift sm:border-8 dark:border-[#e9e5d9]';
  return (
    <div className="relative mx-auto aspect-[1/1.02] w-full max-w-[31rem]" aria-hidden="true">
      <div className={`absolute top-[2%] left-0 w-[50%] -rotate-[5deg] ${frame}`}>
        <SunPrint seed={11} kind="umbel" />
      </div>
      <div className={`absolute top-0 right-0 w-[45%] rotate-[4deg] ${frame}`}>
        <SunPrint seed={4} kind="grass" />
      </div>
      <div className={`absolute bottom-0 left-[24%] w-[53%] rotate-[1deg] ${frame}`}>
        <SunPrint seed={3} kind="contour" />
      </div>
    </div>
  );
}
